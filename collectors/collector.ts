// The contract between a log format and the pipeline. A format is one file beside this one that exports a `Format`.

import type { Flow } from './flow.ts'

/**
 * What a line turned out to be. `foreign`: not this format. `flow`: the Flow is filled. `malformed`: it carries the format's
 * marker but cannot be read whole. `note`: this format's own line that is no flow (no-data rows, expiry notes). `loss`: the
 * producer says it lost events; `flow.count` is the number, or -1 when it does not say.
 */
export const Outcome = { foreign: 0, flow: 1, malformed: 2, note: 3, loss: 4 } as const
export type Outcome = (typeof Outcome)[keyof typeof Outcome]

export interface CollectorOptions {
  /** Offset of a clock without zone, in minutes east of UTC at that local time. Default: the function of UTC. */
  readonly zone: Zone
  /** The year of the first line, for stamps that have none. */
  readonly year: number
  /** What a LOG prefix means beyond what known CNIs write: the first entry the trimmed prefix starts with. */
  readonly prefixes: readonly PrefixVerdict[]
  /**
   * Microseconds between 1970 and the kernel's start, for stamps that count from boot; NaN where not known. A clock where a live
   * source corrects it: it is asked for every line.
   */
  readonly bootTime: number | BootClock
}

export interface BootClock {
  readonly bootTime: number
}

export interface PrefixVerdict {
  readonly prefix: string
  readonly verdict: 'allowed' | 'denied' | 'rejected' | 'audited' | 'none'
}

/** Turns a wall-clock reading (as if it were UTC, in microseconds) into microseconds since 1970 UTC. */
export interface Zone {
  (wall: number): number
  /** By how much later the reading that was turned last may have been, in microseconds, where clocks were set back over it. */
  readonly fold?: number
}

export interface Collector {
  /**
   * Reads one line, `bytes[start..end)` without its newline, into `flow`. `bytes[end]` is readable and is a newline, or NUL where
   * the line may go on (the input ended, or the line was too long), so a scanner may use it as a sentinel. Keeps no reference to
   * `bytes`. Never throws, whatever the bytes.
   */
  read(bytes: Uint8Array, start: number, end: number, flow: Flow): Outcome
  /** The FORMAT of the last line, where each line may be of another. */
  readonly format?: string | undefined
}

export interface Format {
  /** The FORMAT of `--log`, `evidence.source` and the metrics label `source`. */
  readonly name: string
  /** The verdicts this format can claim; the contract test demands a line of each. */
  readonly claims: readonly ('allowed' | 'denied' | 'rejected' | 'audited' | 'none')[]
  /** What its producer cannot write; the contract test demands a line of each of the others. */
  readonly lacks?: readonly ('IPv6' | 'ICMP')[]
  /**
   * Whole lines can end in a number or word of which a beginning would be one too, so that only the newline behind it says that
   * it is whole. The collector reads such a line as malformed where there is none.
   */
  readonly endsOpen?: boolean
  /** The stamp, host and program before the message tell this format from others, so no syslog header is taken off for it. */
  readonly ownHeader?: boolean
  /** One sentence: the shortest text that makes a line this format's and no other's. */
  readonly marker: string
  create(options: CollectorOptions): Collector
}
