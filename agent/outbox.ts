// Records on their way out, a batch at a time: a batch is committed together with what it stands for (where the sources are, what is
// not written yet), and only then do the destinations have it. Where a commit cannot be made the records go out all the same, and
// what a crash would cost then is said.

import type { ForensicRecord } from './forensics/record.ts'
import { isEmpty, type PipelineChanges } from './pipeline-state.ts'
import type { Sink } from './sink/lines.ts'
import type { Segments } from './sink/segments.ts'
import type { Checkpoint } from './source/checkpoint.ts'

export interface OutboxOptions {
  /** Undefined: nothing is kept for a restart. */
  readonly checkpoint: Checkpoint | undefined
  /** Where records rest; undefined: nowhere. */
  readonly segments: Segments | undefined
  readonly sinks: readonly Sink[]
  /** Where sources stand, by name, plain JSON. */
  readonly positions: () => Readonly<Record<string, unknown>>
  readonly changes: (all?: boolean) => PipelineChanges
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The commit cannot be made, or can again. */
  readonly onProblem: (problem: Error | undefined) => void
  /** Every destination has the record whose line came then, by the clock of `push`. */
  readonly onWritten?: (came: number) => void
  /** What a destination could not do; the others go on. */
  readonly onSinkError: (error: Error) => void
}

export interface Outbox {
  /** `came`: when the line that it answers did; undefined: it answers none. */
  push(record: ForensicRecord, json: string, came?: number): void
  /** To be called every few hundredths of a second, between lines. */
  tick(): void
  /** Commits and hands on what is there; `all`: in a new file of state. */
  commit(all?: boolean): void
  /** Resolves when every destination has what it was given. */
  flush(): Promise<unknown>
  /** Sources should wait. */
  readonly isFull: boolean
  /** Characters of records that wait for a commit, and how many may. */
  readonly waitingBytes: number
  readonly capacityBytes: number
}

/** Without records a commit is made so often, in milliseconds: what a crash costs is reading so much again. */
const QUIET_MS = 1000
/** A new file of state begins after so many bytes, or as many as all there is came to, whichever is more; or after so many milliseconds. */
const MOST_BYTES = 4 * 1024 * 1024
const MOST_MS = 60_000
/** Records at rest are made safe against a loss of power after so many, or so long. */
const UNSAFE = 1000
const UNSAFE_MS = 5000
const MOST_UNSAFE = 20_000
/** Characters of records that wait. */
const FULL = 2 * 1024 * 1024
/**
 * Records that came faster than the disk takes them: sources wait long before any is discarded. Onto this share of 8 MiB come at once a
 * full batch and what one more read of a file makes of it, a megabyte.
 */
const MOST_HELD = 0.25

interface Waiting {
  readonly record: ForensicRecord
  readonly json: string
  readonly came: number | undefined
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { checkpoint, segments, sinks, now } = options
  const outlets: readonly Sink[] = segments === undefined ? sinks : [segments, ...sinks]
  let batch: Waiting[] = []
  let length = 0
  let committedAt = now()
  let begunAt = now()
  let begunSize = 0
  let syncedAt = now()
  let isBroken = false
  const told = new Map<string, string>()
  /** Records that the segments were given since `counted` of them, and that may not be safe there. */
  const unsafe: string[] = []
  let counted = 0

  function moved(all: boolean): Record<string, unknown> {
    const sources: Record<string, unknown> = {}
    for (const [name, position] of Object.entries(options.positions())) {
      const text = JSON.stringify(position)
      if (!all && told.get(name) === text) continue
      told.set(name, text)
      sources[name] = position
    }
    return sources
  }

  function forgetSafe(): void {
    if (segments === undefined) return
    // Where they cannot be written for long, what waits for it is bounded; the segments count what they discard.
    const upTo = Math.max(segments.safe, counted + unsafe.length - MOST_UNSAFE)
    unsafe.splice(0, Math.max(0, upTo - counted))
    counted = Math.max(counted, upTo)
  }

  function append(records: readonly string[]): void {
    const sources = moved(false)
    const state = options.changes()
    if (Object.keys(sources).length === 0 && isEmpty(state) && records.length === 0) return
    checkpoint!.append({
      at: now(),
      ...(Object.keys(sources).length > 0 && { sources }),
      ...(!isEmpty(state) && { state }),
      records,
    })
  }

  function begin(records: readonly string[]): void {
    forgetSafe()
    told.clear()
    const sources = moved(true)
    // What changed up to now is in it; the next changes are those after it.
    options.changes()
    checkpoint!.begin({ at: now(), sources, state: options.changes(true), records: [...unsafe, ...records] })
    begunAt = now()
    begunSize = checkpoint!.size
  }

  function write(records: readonly string[], all: boolean): void {
    const grown = checkpoint!.size - begunSize
    const isDue = grown > Math.max(MOST_BYTES, begunSize) || now() - begunAt >= MOST_MS || now() < begunAt
    // After a failure nobody knows which changes stand, so all of it is written anew.
    if (all || isBroken || isDue) begin(records)
    else append(records)
    isBroken = false
  }

  function tryWrite(records: readonly string[], all: boolean): void {
    if (checkpoint === undefined) return
    const wasBroken = isBroken
    try {
      write(records, all)
      if (wasBroken) options.onProblem(undefined)
    } catch (error) {
      isBroken = true
      if (!wasBroken) options.onProblem(error as Error)
    }
  }

  function secure(): void {
    if (segments === undefined || unsafe.length === 0) return
    if (unsafe.length < UNSAFE && now() - syncedAt < UNSAFE_MS) return
    syncedAt = now()
    void segments.sync().then(forgetSafe)
  }

  function commit(all = false): void {
    const taken = batch
    batch = []
    length = 0
    committedAt = now()
    const lines = taken.map(({ json }) => json)
    tryWrite(lines, all)
    if (segments !== undefined && checkpoint !== undefined) unsafe.push(...lines)
    for (const { record, json } of taken) for (const sink of outlets) sink.write(record, json)
    if (taken.length > 0) void flush().then(() => tellWritten(taken))
  }

  function tellWritten(taken: readonly Waiting[]): void {
    // Those that are held for want of a disk have not been written.
    if (options.onWritten === undefined || segments?.problem !== undefined) return
    for (const { came } of taken) if (came !== undefined) options.onWritten(came)
  }

  /** Where records cannot be written at all, waiting for it would only lose what comes meanwhile. */
  function isHolding(): boolean {
    return segments !== undefined && segments.problem === undefined && segments.heldShare > MOST_HELD
  }

  function flush(): Promise<unknown> {
    return Promise.all(outlets.map(sink => sink.flush().catch(options.onSinkError)))
  }

  return {
    push(record, json, came) {
      batch.push({ record, json, came })
      length += json.length
    },
    tick() {
      // The clock may be set back.
      const isQuiet = Math.abs(now() - committedAt) < QUIET_MS
      if (batch.length > 0 || !isQuiet) commit()
      secure()
    },
    commit,
    flush,
    get isFull() {
      return length > FULL || isHolding() || sinks.some(sink => sink.isFull === true)
    },
    get waitingBytes() {
      return length
    },
    capacityBytes: FULL,
  }
}
