// What a command may touch of the outside, handed to it by main.ts: tests pass their own.

import type { WriteText } from '../sink/line-writer.ts'

export interface Io {
  readonly stdout: WriteText
  readonly stderr: (text: string) => void
  readonly stdin: () => AsyncIterable<Uint8Array>
  /** Standard output is a person's terminal. */
  readonly isTerminal: boolean
  /** So is standard error: progress is shown there. */
  readonly isErrorTerminal?: boolean
  /** Of that terminal. */
  readonly columns?: number | undefined
  /** It shows colours, and nobody has said NO_COLOR. */
  readonly isColoured?: boolean
  /** Aborts on SIGINT and SIGTERM, and when standard output is closed. */
  readonly signal: AbortSignal
  /** Environment variables; none where they say nothing to this command. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly hostName?: string
  /** The machine's zone as an IANA name. */
  readonly zone: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}
