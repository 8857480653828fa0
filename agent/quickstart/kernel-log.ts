// Reads `/dev/kmsg`: the only view of the kernel log in which a loss can be counted, because every record has a number. Records
// are passed on as they are (`level,sequence,microseconds,flags;text`), a line each.

import { closeSync, constants, openSync, readSync } from 'node:fs'
import { hrtime } from 'node:process'

const idleMs = 10
const busyMs = 1
/** Then other work gets its turn, however many records wait. */
const recordsPerTurn = 2000
/** The kernel gives one record per read and none is longer. */
const longestRecord = 8192

export interface KernelLogOptions {
  /** How the node's ends of this run's links end, `-x7k2`: the kernel has one log for everybody, and other lines are theirs. */
  readonly deviceSuffix: string
  readonly onBytes: (bytes: Uint8Array) => void
  /** Records of any kind that the kernel overwrote before they were read. */
  readonly onLoss: (records: number) => void
  /** It cannot be read any more. */
  readonly onEnd: (why: string) => void
  /** Like `readSync` on the open device; for tests. */
  readonly read?: (buffer: Buffer) => number
}

/** Starts after what the log holds already. Closing it reads what is still there. @throws when the device may not be read. */
export function openKernelLog(options: KernelLogOptions): Disposable {
  const fd = options.read ? undefined : openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
  const device = options.read ?? (buffer => readSync(fd!, buffer))
  const log = createReader(device, options)
  log.skip()
  let timer = setTimeout(turn, idleMs)
  function turn(): void {
    try {
      timer = setTimeout(turn, log.read() > 0 ? busyMs : idleMs)
    } catch (error) {
      options.onEnd((error as Error).message)
    }
  }
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
      while (log.read() === recordsPerTurn);
      if (fd !== undefined) closeSync(fd)
    },
  }
}

interface Reader {
  /** Reads up to the end without passing anything on. */
  skip(): void
  /** Passes on what is there; answers the number of records read. */
  read(): number
}

function createReader(device: (buffer: Buffer) => number, options: KernelLogOptions): Reader {
  const buffer = Buffer.alloc(longestRecord)
  let last = -1
  function* records(limit: number): Generator<Buffer> {
    for (let count = 0; count < limit; count++) {
      const length = readRecord(device, buffer)
      if (length === 0) return
      const record = firstLine(buffer, length)
      const sequence = sequenceOf(record)
      const missing = last < 0 ? 0 : sequence - last - 1
      last = sequence
      if (missing > 0) options.onLoss(missing)
      yield record
    }
  }
  const isOurs = (record: Buffer) => record.includes(' OUT=') && record.includes(`${options.deviceSuffix} `)
  return {
    skip() {
      for (const _ of records(Number.POSITIVE_INFINITY));
    },
    read() {
      let count = 0
      const kept: Buffer[] = []
      for (const record of records(recordsPerTurn)) {
        count++
        if (isOurs(record)) kept.push(Buffer.from(record))
      }
      if (kept.length > 0) options.onBytes(Buffer.concat(kept))
      return count
    },
  }
}

/** The record's length, 0 where there is none now. */
function readRecord(device: (buffer: Buffer) => number, buffer: Buffer): number {
  for (;;) {
    try {
      return device(buffer)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') return 0
      // EPIPE says that the next record was overwritten; the following read goes on behind the gap.
      if (code !== 'EPIPE') throw error
    }
  }
}

/** With its newline. What follows are the kernel's own ` KEY=value` lines about the record. */
function firstLine(buffer: Buffer, length: number): Buffer {
  const end = buffer.subarray(0, length).indexOf('\n')
  return buffer.subarray(0, end < 0 ? length : end + 1)
}

function sequenceOf(record: Buffer): number {
  const start = record.indexOf(',') + 1
  return Number(record.toString('latin1', start, record.indexOf(',', start)))
}

/**
 * Microseconds between 1970 and the zero of the stamps in the kernel log. Measured: 0.2 to 0.4 ms off, which is the time that
 * passes between a message and its stamp. The clock of the stamps is not disciplined, so a program that runs for days asks again.
 */
export function kernelBootTime(): number {
  // Losing the processor between the two clocks makes the difference smaller, never greater.
  return Math.max(...Array.from({ length: 5 }, clockDifference))
}

/** Date.now() has milliseconds; right after it has changed it is exact. */
function clockDifference(): number {
  const before = Date.now()
  let now = Date.now()
  while (now === before) now = Date.now()
  return now * 1000 - Number(hrtime.bigint() / 1000n)
}
