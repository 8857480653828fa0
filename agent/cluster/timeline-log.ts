// The timeline that the agent saw, written down beside its records: `replay --world` of this directory tells any incident again, later
// and elsewhere, and a restart goes on with it. Each file begins with everything that was there, so the oldest may go. A disk that is
// full or broken stops nothing: what could not be written is listed anew in the next file, which says since when it may have changed.

import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import type { TimelineEvent } from '../timeline/index.ts'
import { parseTimeline } from './timeline-file.ts'
import { latest, lineOf, listing } from './timeline-listing.ts'

export { lastState } from './timeline-listing.ts'

export interface TimelineLogOptions {
  readonly dir: string
  /** Bytes after which the next file begins, and of all of them together. */
  readonly maxBytes?: number
  readonly budgetBytes?: number
  /** Microseconds since 1970: nothing older is restored. */
  readonly since: number
  /** Microseconds since 1970. */
  readonly now: () => number
  /** What a person should know. */
  readonly say: (text: string) => void
  readonly fs?: TimelineFs
}

export type TimelineFs = Pick<
  typeof nodeFs,
  | 'mkdirSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'statSync'
  | 'openSync'
  | 'writeSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'renameSync'
  | 'closeSync'
  | 'unlinkSync'
>

interface Current {
  readonly fd: number
  /** Bytes of what it began with. */
  readonly base: number
  size: number
}

export interface TimelineLog {
  /** What earlier runs saw, oldest first: the last file, and those before it that reach back to `since`. */
  readonly restored: readonly TimelineEvent[]
  append(events: readonly TimelineEvent[]): void
  close(): void
}

const MIB = 1024 * 1024
const VERSION = 1
const pattern = /^timeline\.v(\d+)\.(\d{16})\.jsonl$/
const partPattern = /^timeline\.v1\.\d{16}\.jsonl\.part$/
const NEWLINE = 10
/** Microseconds. */
const MOMENT = 1_000_000
/** The timeline's, in microseconds. */
const WATCH_DELAY = 5_000_000
const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600

/** @throws what the system says where the directory cannot be made or read. */
export function openTimelineLog(options: TimelineLogOptions): TimelineLog {
  const { dir, now, say, fs = nodeFs } = options
  const { maxBytes = 8 * MIB, budgetBytes = 64 * MIB } = options
  fs.mkdirSync(dir, { recursive: true, mode: DIRECTORY_MODE })
  for (const name of fs.readdirSync(dir)) {
    // A crash left it half listed.
    if (partPattern.test(name)) fs.unlinkSync(join(dir, name))
    const version = Number(pattern.exec(name)?.[1] ?? VERSION)
    if (version !== VERSION)
      say(`"${join(dir, name)}" is of version ${version}, which is not known here: left untouched`)
  }
  const restored = restore()
  let file: Current | undefined
  let isFirst = true
  let problem: string | undefined
  /** Time of the latest event that was written. */
  let end = restored.reduce((latest, { at }) => Math.max(latest, at), startOf(names().at(-1)))
  /** Of the list that began the last file; events that follow are later, but for those of a clock that was set back. */
  let listedAt = Number.NEGATIVE_INFINITY
  /** What could not be written. */
  let missed: readonly TimelineEvent[] = []
  let missedSince = Number.POSITIVE_INFINITY

  function names(): string[] {
    return fs
      .readdirSync(dir)
      .filter(name => Number(pattern.exec(name)?.[1]) === VERSION)
      .sort()
  }

  function restore(): TimelineEvent[] {
    const files: (readonly TimelineEvent[])[] = []
    for (const name of names().reverse()) {
      const { events, problems } = parseTimeline(fs.readFileSync(join(dir, name), 'utf8'))
      for (const { line, text } of problems) say(`"${join(dir, name)}", line ${line}, is left out: ${text}`)
      if (events.length > 0) files.unshift(events)
      if (events.length > 0 && events[0]!.at <= options.since) break
    }
    return files.flat()
  }

  /** The last file, without the half line that a crash may have left at its end. */
  function goOn(): Current | undefined {
    const name = names().at(-1)
    if (name === undefined) return undefined
    const bytes = fs.readFileSync(join(dir, name))
    const size = bytes.lastIndexOf(NEWLINE) + 1
    const fd = fs.openSync(join(dir, name), 'r+')
    if (size < bytes.length) fs.ftruncateSync(fd, size)
    return { fd, base: 0, size }
  }

  /** Everything that was there when the file before it ended, and what was missed since. It has its name when all of it stands. */
  function begin(): Current {
    const before = names().at(-1)
    const { events } = parseTimeline(before === undefined ? '' : fs.readFileSync(join(dir, before), 'utf8'))
    const all = [...events, ...missed]
    const at = all.length === 0 ? now() : all.reduce((latest, { at }) => Math.max(latest, at), end) + 1
    const path = join(dir, nameOf(at))
    const fd = fs.openSync(`${path}.part`, 'w', FILE_MODE)
    try {
      const text = [...listing(all, at, missed.length === 0 ? at : proof())].join('')
      const next = { fd, base: Buffer.byteLength(text), size: 0 }
      write(next, text)
      fs.fsyncSync(fd)
      fs.renameSync(`${path}.part`, path)
      end = at
      if (all.length > 0) listedAt = at
      return next
    } catch (error) {
      fs.closeSync(fd)
      tryRemove(`${path}.part`)
      throw error
    }
  }

  /** Up to when everything is written down: what an event tells may have happened that much before it. */
  function proof(): number {
    return Math.min(end, missedSince - WATCH_DELAY)
  }

  function tryRemove(path: string): void {
    try {
      fs.unlinkSync(path)
    } catch (error) {
      say(`Cannot remove "${path}": ${(error as Error).message}`)
    }
  }

  function keepBudget(): void {
    const sizes = names().map(name => ({ name, size: fs.statSync(join(dir, name)).size }))
    let sum = sizes.reduce((sum, { size }) => sum + size, 0)
    for (const { name, size } of sizes.slice(0, -1)) {
      if (sum <= budgetBytes) return
      tryRemove(join(dir, name))
      sum -= size
    }
  }

  function write(to: Current, text: string): void {
    const bytes = Buffer.from(text)
    try {
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(to.fd, bytes, done, bytes.length - done, to.size + done)
    } catch (error) {
      fs.ftruncateSync(to.fd, to.size)
      throw error
    }
    to.size += bytes.length
  }

  function closeFile(): void {
    if (file !== undefined) fs.closeSync(file.fd)
    file = undefined
  }

  /** Not between events of one moment: the list would deny those that follow it. */
  function isDue({ size, base }: Current, events: readonly TimelineEvent[]): boolean {
    return size > maxBytes && size > 2 * base && events.every(({ at }) => at > end + 1)
  }

  /** A list that begins the file would deny events of its own moment, so another one names them. */
  function isDenied(events: readonly TimelineEvent[]): boolean {
    return events.some(({ at }) => at <= listedAt && at > listedAt - MOMENT)
  }

  function miss(events: readonly TimelineEvent[]): void {
    missed = latest([...missed, ...events])
    missedSince = events.reduce((first, { at }) => Math.min(first, at), missedSince)
  }

  function next(): void {
    const begun = begin()
    closeFile()
    file = begun
    missed = []
    missedSince = Number.POSITIVE_INFINITY
    keepBudget()
  }

  function writeEvents(events: readonly TimelineEvent[]): void {
    if (isFirst) file = goOn()
    isFirst = false
    if (missed.length > 0 || isDenied(events)) {
      miss(events)
      next()
      return
    }
    if (file === undefined || isDue(file, events)) next()
    write(file!, events.map(lineOf).join(''))
    end = events.reduce((latest, { at }) => Math.max(latest, at), end)
  }

  function tryWrite(events: readonly TimelineEvent[]): void {
    try {
      writeEvents(events)
      problem = undefined
    } catch (error) {
      const { message } = error as Error
      if (message !== problem) say(`Cannot write the timeline to "${dir}": ${message}`)
      problem = message
      // Those that are among them already stay what they are.
      miss(events)
    }
  }

  return {
    restored,
    append(all) {
      const events = all.filter(({ type }) => type !== 'LOST')
      if (events.length > 0) tryWrite(events)
    },
    close: closeFile,
  }
}

function nameOf(at: number): string {
  return `timeline.v${VERSION}.${String(at).padStart(16, '0')}.jsonl`
}

function startOf(name: string | undefined): number {
  return name === undefined ? 0 : Number(pattern.exec(name)![2])
}
