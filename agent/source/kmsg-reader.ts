// Reads the kernel log record by record: counts all of them, hands on those that may be netfilter's, and tells what is missing.
// It has no timer; `drain` is called again and again (kmsg.ts does), on whatever device there is.

import type { KernelClock } from './kmsg-clock.ts'
import { type KmsgDevice, longestRecord, readRecord } from './kmsg-device.ts'
import { type KmsgPosition, type OwedGap, parseKmsgPosition } from './kmsg-position.ts'
import { type KmsgRecord, readKmsgRecord } from './kmsg-record.ts'
import type { Inlet, Receiver } from './receiver.ts'

export interface KmsgReaderOptions {
  readonly receiver: Receiver
  /** Of the machine, `/proc/sys/kernel/random/boot_id`: numbers of records mean something within one boot only. */
  readonly bootId: string
  /** The result of an earlier `position()`. */
  readonly from?: unknown
  /** Without a position: with what the ring holds already, or behind it. */
  readonly begin: 'start' | 'end'
  readonly clock: KernelClock
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** `idle`: there was nothing. `read`: there is nothing more. `more`: it was enough for one turn. `full`: nobody can take more. */
export type Drained = 'idle' | 'read' | 'more' | 'full'

export interface KmsgReader {
  /** Hands on what is there. @throws what the device says. */
  drain(device: KmsgDevice): Drained
  /** False while it passes over what the ring held before. */
  readonly isBegun: boolean
  position(): KmsgPosition | undefined
  end(): void
}

/** Then other work gets its turn, however many records wait. */
const recordsPerTurn = 2000
/** Under overload there is a gap every few milliseconds: they are told together, this often. */
const togetherMs = 250
const overwritten =
  'the kernel overwrote records before they were read (records of any kind, so at most as many packets)'
const restarted = 'the machine was restarted: what its kernel logged after the last record read is gone'

/** @throws ZodError when `from` is no position. */
export function createKmsgReader(options: KmsgReaderOptions): KmsgReader {
  const { receiver, bootId, clock, now } = options
  const buffer = Buffer.alloc(longestRecord + 1)
  const record: KmsgRecord = { sequence: 0, stamp: 0, end: 0 }
  const from = options.from === undefined ? undefined : parseKmsgPosition(options.from)
  let last = from?.sequence
  let stamp = from?.stamp ?? 0
  let owed: OwedGap | undefined = from?.owed
  let owedSinceMs = 0
  let isBegun = from !== undefined || options.begin === 'start'
  // When there was nothing to read the last time, NaN where records were read since.
  let emptyMs = Number.NaN
  let isFirst = true

  if (from?.bootId === bootId) clock.restore(from.clock)
  else if (from !== undefined) beginNewBoot(from)
  const inlet: Inlet = receiver.open({ stream: bootId, file: undefined })

  /** This boot's records begin with number 0, so what the ring holds no more of them is known. */
  function beginNewBoot({ clock: { bootTime }, stamp: until, owed: before }: KmsgPosition): void {
    if (before !== undefined) receiver.gap({ cause: overwritten, ...before })
    receiver.gap({ cause: restarted, from: bootTime + until, to: clock.bootTime })
    last = -1
    stamp = 0
    owed = undefined
  }

  function take(length: number): void {
    buffer[length] = 0
    if (!readKmsgRecord(buffer, length, record)) return
    // The ring is read from its start again, up to where an earlier reader was.
    if (last !== undefined && record.sequence <= last) return
    const before = clock.bootTime + stamp
    observe(record.stamp)
    if (last !== undefined && record.sequence > last + 1)
      owe(record.sequence - last - 1, before, clock.bootTime + record.stamp)
    last = record.sequence
    stamp = record.stamp
    if (isBegun && mayBePacket(buffer, record.end)) inlet.line(buffer, 0, record.end, record.sequence)
  }

  function observe(recordStamp: number): void {
    if (!isFirst && Number.isNaN(emptyMs)) return
    clock.observe(recordStamp, emptyMs, now())
    emptyMs = Number.NaN
    isFirst = false
  }

  function owe(lost: number, from: number, to: number): void {
    if (owed === undefined) owedSinceMs = now()
    owed = { lost: (owed?.lost ?? 0) + lost, from: owed?.from ?? from, to }
  }

  function payGap(): void {
    if (owed !== undefined) inlet.gap({ cause: overwritten, ...owed })
    owed = undefined
  }

  function read(device: KmsgDevice): Drained {
    for (let count = 0; count < recordsPerTurn; count++) {
      if (isBegun && receiver.isFull) return 'full'
      const lookedMs = now()
      const length = readRecord(device, buffer)
      if (length === 0) {
        emptyMs = lookedMs
        isBegun = true
        return count > 0 ? 'read' : 'idle'
      }
      take(length)
    }
    return 'more'
  }

  return {
    drain(device) {
      const drained = read(device)
      if (owed !== undefined && (drained === 'idle' || now() - owedSinceMs >= togetherMs)) payGap()
      return drained
    },
    get isBegun() {
      return isBegun
    },
    position() {
      if (last === undefined || !isBegun) return undefined
      const at = { version: 1, bootId, sequence: last, stamp, clock: clock.state() } as const
      return owed === undefined ? at : { ...at, owed }
    },
    end() {
      payGap()
      inlet.end()
    },
  }
}

const OUT = Buffer.from(' OUT=')

/** What every line of netfilter has. Behind `end` there may be an older record's. */
function mayBePacket(buffer: Buffer, end: number): boolean {
  const at = buffer.indexOf(OUT)
  return at >= 0 && at < end
}
