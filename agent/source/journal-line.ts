// One line of `journalctl -o json`: its cursor, and whether journald says that it missed messages of the kernel itself.

/** What a cursor says: which series of numbers, and which number in it. */
export interface JournalCursor {
  readonly cursor: string
  readonly series: string
  readonly sequence: number
  /** When the entry was written, in microseconds since 1970; undefined where it does not say. */
  readonly time: number | undefined
}

const KEY = Buffer.from('"__CURSOR"')
const QUOTE = 34

/** Undefined where the line has none. */
export function journalCursor(line: Buffer): JournalCursor | undefined {
  const key = line.indexOf(KEY)
  if (key < 0) return undefined
  const start = line.indexOf(QUOTE, key + KEY.length) + 1
  const end = line.indexOf(QUOTE, start)
  if (start === 0 || end < 0) return undefined
  return parseCursor(line.toString('latin1', start, end))
}

/** `s=bc9a121f811e48e5afb5b2d2f5357982;i=3;b=…;m=…;t=…;x=…`, numbers in hexadecimal digits. */
export function parseCursor(cursor: string): JournalCursor | undefined {
  const found = /^s=([0-9a-f]+);i=([0-9a-f]{1,13})(?:;|$)/.exec(cursor)
  if (found === null) return undefined
  const time = /;t=([0-9a-f]{1,13})(?:;|$)/.exec(cursor)
  return {
    cursor,
    series: found[1]!,
    sequence: Number.parseInt(found[2]!, 16),
    time: time === null ? undefined : Number.parseInt(time[1]!, 16),
  }
}

/** SD_MESSAGE_JOURNAL_MISSED of systemd's sd-messages.h: `Missed 5400 kernel messages`. */
export const missedMessageId = 'e9bf28e6e834481bb6f48f548ad13606'
const MISSED = Buffer.from(missedMessageId)

/** How many messages of the kernel journald came too late for; undefined where the line says nothing of it. */
export function missedByJournald(line: Buffer): number | undefined {
  if (!line.includes(MISSED)) return undefined
  const found = /"MESSAGE" ?: ?"Missed (\d{1,15}) kernel messages"/.exec(line.toString('latin1'))
  return found === null ? undefined : Number(found[1])
}
