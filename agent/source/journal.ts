// Follows the kernel's messages in journald through `journalctl -f`. Every entry has a cursor, so the next start, of the program or
// of the agent, goes on behind the last one that was read; what journald itself came too late for it says, with a number.

import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { keepRunning } from './child.ts'
import { createComplaint } from './complaint.ts'
import {
  type JournalCursor,
  journalCursor,
  missedByJournald,
  missedMessageId,
  parseCursor,
} from './journal-line.ts'
import type { Later } from './later.ts'
import { createLines } from './lines.ts'
import type { Inlet, LiveSource, Receiver } from './receiver.ts'

export interface JournalOptions {
  readonly receiver: Receiver
  /** The result of an earlier `position()`. */
  readonly from?: unknown
  /** Without a position: with what the journal holds of this boot, or behind it (the default). */
  readonly begin?: 'start' | 'end'
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What runs the program; `['journalctl']` by default, `['journalctl', '--directory=/host/var/log/journal']` in a container. */
  readonly command?: readonly string[]
  readonly firstRestartMs?: number
  readonly longestRestartMs?: number
  readonly later?: Later
}

const positionSchema = z.strictObject({ version: z.literal(1), cursor: z.string() })

const missed =
  'journald came too late for messages of the kernel (messages of any kind, so at most as many packets)'

const begunAnew = 'the journal was begun anew: what was in the old one after the last entry read is gone'

/** What `-k` means, without its limit to this boot: after a restart of the machine it goes on where it was. */
const matches = ['_TRANSPORT=kernel', '+', `MESSAGE_ID=${missedMessageId}`]

/** @throws ZodError when `from` is no position. */
export function openJournal(options: JournalOptions): LiveSource {
  const { receiver, now, command = ['journalctl'] } = options
  const say = createComplaint(receiver)
  const openedMs = now()
  let cursor = options.from === undefined ? undefined : positionSchema.parse(options.from).cursor
  let before = cursor === undefined ? undefined : parseCursor(cursor)
  let wasStarted = false
  let isClosing = false
  let series: string | undefined
  let inlet: Inlet | undefined

  function inletOf(of: string): Inlet {
    if (inlet !== undefined && series === of) return inlet
    inlet?.end()
    series = of
    inlet = receiver.open({ stream: of, file: undefined })
    return inlet
  }

  /** Numbers of another series do not go on behind those of the position: a journal in memory, say, ends with the machine. */
  function compareWithBefore(at: JournalCursor): void {
    if (before !== undefined && before.series !== at.series)
      receiver.gap({ cause: begunAnew, ...(before.time !== undefined && { from: before.time }) })
    before = undefined
  }

  function take(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    const at = journalCursor(line)
    if (at !== undefined) compareWithBefore(at)
    // Without a cursor it cannot be found again, so its number need not be either.
    const own = inletOf(at?.series ?? series ?? randomUUID())
    const lost = missedByJournald(line)
    if (lost !== undefined) own.gap({ cause: missed, lost })
    else own.line(bytes, start, end, at?.sequence ?? offset)
    if (at !== undefined) cursor = at.cursor
  }

  function where(): string[] {
    if (cursor !== undefined) return [`--after-cursor=${cursor}`, '--lines=all']
    if (options.begin === 'start') return ['--boot', '--lines=all']
    // Before the first entry there is no cursor yet: what came since the first start is not passed over.
    return wasStarted ? [`--since=@${Math.floor(openedMs / 1000)}`, '--lines=all'] : ['--lines=0']
  }

  const child = keepRunning({
    ...options,
    command() {
      const args = [...command, '--follow', '--output=json', '--no-pager', ...where(), ...matches]
      wasStarted = true
      return args
    },
    isFull: () => receiver.isFull,
    begin(pid) {
      const lines = createLines(take)
      if (pid !== undefined) say(undefined)
      return {
        bytes: chunk => lines.write(chunk),
        ended(why) {
          // A line that was cut is read whole by the next start.
          if (!isClosing) say(`Cannot follow "journalctl": ${why}`)
        },
      }
    },
  })

  return {
    format: 'netfilter-log',
    name: 'journalctl',
    position: () => (cursor === undefined ? undefined : { version: 1, cursor }),
    async [Symbol.asyncDispose]() {
      isClosing = true
      await child[Symbol.asyncDispose]()
      inlet?.end()
    },
  }
}
