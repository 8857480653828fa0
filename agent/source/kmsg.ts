// The kernel log by its device: the only view of it in which a loss can be counted, because every record has a number. The
// kernel's ring is the buffer, so what is not read because nobody can take it now is either read later or told as lost.

import { readFileSync } from 'node:fs'
import type { KernelClock } from './kmsg-clock.ts'
import { type KmsgDevice, kmsgTrouble, openKmsgDevice } from './kmsg-device.ts'
import { createKmsgReader, type Drained } from './kmsg-reader.ts'
import { type Later, later as laterOn } from './later.ts'
import type { LiveSource, Receiver } from './receiver.ts'

export interface KmsgOptions {
  readonly receiver: Receiver
  /** The result of an earlier `position()`: goes on behind it, or says what is missing since. */
  readonly from?: unknown
  /** Without a position: with what the kernel's ring holds already (the default), or behind it. */
  readonly begin?: 'start' | 'end'
  /** Gives the records' times; the source keeps it right, so the collector has to ask it for every line. */
  readonly clock: KernelClock
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** `/dev/kmsg` by default; elsewhere where the host's devices are mounted. */
  readonly path?: string
  readonly bootIdFile?: string
  /** For tests. */
  readonly open?: (path: string) => KmsgDevice
  readonly later?: Later
}

/** After records were found: the ring of a small kernel holds 12 ms of 50,000 lines/s. */
const busyMs = 1
/**
 * When none were found; and when there were none for a while, and for long, as an idle agent's processor time goes into waking up
 * (test/bench/idle.bench.ts). What a burst after a long silence overwrites within 40 ms is counted, as every loss is.
 */
const idleMs = 10
const quietMs = 20
const quietAfterMs = 1000
const silentMs = 40
const silentAfterMs = 10_000
/** Until somebody can take lines again. */
const fullMs = 5
const firstRetryMs = 1000
const longestRetryMs = 60_000
/** What is still read when it is closed: some rings. */
const lastTurns = 50

function pauseIn(silenceMs: number): number {
  if (silenceMs > silentAfterMs) return silentMs
  return silenceMs > quietAfterMs ? quietMs : idleMs
}

/** A device that cannot be read is tried again and again, and said as trouble. @throws ZodError when `from` is no position. */
export function openKmsg(options: KmsgOptions): LiveSource {
  const { receiver, now, path = '/dev/kmsg', open = openKmsgDevice, later = laterOn } = options
  const bootId = readFileSync(options.bootIdFile ?? '/proc/sys/kernel/random/boot_id', 'latin1').trim()
  const reader = createKmsgReader({ ...options, bootId, begin: options.begin ?? 'start' })
  let device: KmsgDevice | undefined
  let retryMs = firstRetryMs
  let isTroubled = false
  let lastReadMs = now()
  // "Behind what it holds" is behind what it holds now; anything else is handed on when its caller has the source.
  let cancel = later(turn, reader.isBegun ? 0 : next())

  function turn(): void {
    cancel = later(turn, next())
  }

  /** Reads, and answers how long to wait. */
  function next(): number {
    try {
      device ??= open(path)
      let drained = reader.drain(device)
      while (!reader.isBegun && drained === 'more') drained = reader.drain(device)
      if (isTroubled) receiver.trouble(undefined)
      isTroubled = false
      return pauseAfter(drained)
    } catch (error) {
      return giveUp(error as Error)
    }
  }

  function pauseAfter(drained: Drained): number {
    retryMs = firstRetryMs
    if (drained === 'full') return fullMs
    if (drained === 'more') return 0
    if (drained === 'idle') return pauseIn(now() - lastReadMs)
    lastReadMs = now()
    return busyMs
  }

  function giveUp(error: Error): number {
    device?.close()
    device = undefined
    isTroubled = true
    receiver.trouble(kmsgTrouble(path, error))
    const waitMs = retryMs
    retryMs = Math.min(retryMs * 2, longestRetryMs)
    return waitMs
  }

  function readRest(): void {
    for (let turns = 0; device !== undefined && turns < lastTurns; turns++) {
      const drained = reader.drain(device)
      if (drained !== 'more') return
    }
  }

  return {
    format: 'netfilter-log',
    name: path,
    position: reader.position,
    async [Symbol.asyncDispose]() {
      cancel()
      try {
        readRest()
      } catch (error) {
        receiver.trouble(kmsgTrouble(path, error as Error))
      }
      reader.end()
      device?.close()
      device = undefined
    },
  }
}
