// The sources that are open, and where each stands. One that cannot be opened is tried again; one that is not wanted any more is
// closed; what was not observed while nobody ran is said.

import type { Collector } from '../collectors/collector.ts'
import { createInlets, type Inlets } from './inlets.ts'
import type { IntakeState, IntakeTotals } from './intake.ts'
import type { Pipeline } from './pipeline.ts'
import type { LiveSource, Receiver, SourceGap } from './source/receiver.ts'

/** A source that is wanted. */
export interface SourceSpec {
  /** Unique: what its position is kept under. Another one of the same name takes over where it stood. */
  readonly name: string
  /** As a person would call it, for messages and `agent.started`. */
  readonly title: string
  /** The FORMAT's name. */
  readonly format: string
  /** Whatever the opening depends on, as text: a source of the same name and another text is opened anew. */
  readonly identity: string
  readonly createCollector: () => Collector
  /** Its lines tell of allowed connections only. */
  readonly isSpared: boolean
  readonly open: (receiver: Receiver, from: unknown) => LiveSource | Promise<LiveSource>
}

/** What a restart needs of one source; `position` is null where nothing can be read again. */
export interface SourceState {
  readonly position: unknown
  readonly intakes?: Readonly<Record<string, IntakeState>> | undefined
  /** Milliseconds since 1970: when it was closed, if it was. */
  readonly closedAt?: number
}

export interface SourceEvents {
  opened(spec: SourceSpec): void
  trouble(spec: SourceSpec, text: string | undefined): void
  gap(spec: SourceSpec, gap: SourceGap): void
  /** Another file is read under the name of an earlier one. */
  rotated?(spec: SourceSpec): void
  /** A LOG prefix that has no meaning here: its packets are only counted. */
  unknownPrefix?(spec: SourceSpec, prefix: string): void
}

export interface SourcesOptions {
  readonly pipeline: Pipeline
  readonly restored: ReadonlyMap<string, SourceState>
  /** Milliseconds since 1970 of the last sign of life before the restart; undefined at the first start. */
  readonly restoredAt: number | undefined
  readonly isFull: () => boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly events: SourceEvents
}

export interface Sources {
  /** Opens, closes and leaves open, so that these are open. Resolves when each was tried. */
  set(specs: readonly SourceSpec[]): Promise<void>
  /** Tries again what could not be opened. */
  retry(): Promise<void>
  /** Tells of lines that could not be read up to now: to be called every few seconds. */
  settle(): void
  positions(): Record<string, SourceState>
  /**
   * Microseconds: what the slowest source that reads what is past, or has to wait, has come to; undefined where all keep up. Looks at
   * what came since the last call.
   */
  behind(): number | undefined
  /** Names and what keeps each from being read. */
  troubles(): readonly { readonly title: string; readonly text: string }[]
  readonly open: readonly SourceSpec[]
  /** What the lines of each were since the start. */
  totals(): readonly { readonly format: string; readonly totals: IntakeTotals }[]
  /** Closes all; what is not closed within `ms` is left behind. */
  close(ms: number): Promise<void>
}

/** More than this behind the clock, a source is reading what is past. */
const BEHIND_US = 10_000_000

interface Open {
  readonly spec: SourceSpec
  readonly inlets: Inlets
  source: LiveSource | undefined
  /** It could not be opened so far. */
  hasFailed: boolean
  lines: number
}

export function createSources(options: SourcesOptions): Sources {
  const { pipeline, now, events } = options
  const open = new Map<string, Open>()
  const known = new Map(options.restored)
  const troubles = new Map<string, string>()
  let queue: Promise<unknown> = Promise.resolve()

  function onTrouble(spec: SourceSpec, text: string | undefined): void {
    if (text === troubles.get(spec.name)) return
    if (text === undefined) troubles.delete(spec.name)
    else troubles.set(spec.name, text)
    events.trouble(spec, text)
  }

  async function openOne(spec: SourceSpec): Promise<void> {
    const from = known.get(spec.name)
    const inlets = createInlets({
      pipeline,
      format: spec.format,
      createCollector: spec.createCollector,
      isSpared: spec.isSpared,
      name: spec.name,
      from: from?.intakes,
      isFull: options.isFull,
      onGap: gap => events.gap(spec, gap),
      onRotated: () => events.rotated?.(spec),
      onTrouble: text => onTrouble(spec, text),
      onUnknownPrefix: prefix => events.unknownPrefix?.(spec, prefix),
      now,
    })
    const one: Open = { spec, inlets, source: undefined, hasFailed: false, lines: 0 }
    open.set(spec.name, one)
    if (from !== undefined) sayUnobserved(one, from)
    await start(one)
  }

  /** Nothing of that time can be read again. */
  function sayUnobserved({ inlets }: Open, { position, closedAt }: SourceState): void {
    const since = closedAt ?? options.restoredAt
    if (position !== null || since === undefined) return
    inlets.receiver.gap({
      cause: 'not observed: the agent was not reading it',
      from: since * 1000,
      to: now() * 1000,
    })
  }

  async function start(one: Open): Promise<void> {
    const { spec } = one
    const hasFailed = one.hasFailed
    try {
      one.source = await openFrom(one, known.get(spec.name)?.position ?? undefined)
      // What it said itself while it opened stands.
      if (hasFailed) onTrouble(spec, undefined)
      events.opened(spec)
    } catch (error) {
      one.hasFailed = true
      onTrouble(spec, (error as Error).message)
    }
  }

  /** A position that cannot be read, of another version say, must not keep a source closed for ever. */
  async function openFrom({ spec, inlets }: Open, position: unknown): Promise<LiveSource> {
    try {
      return await spec.open(inlets.receiver, position)
    } catch (error) {
      if (position === undefined || (error as Error).name !== 'ZodError') throw error
      inlets.receiver.gap({ cause: 'the position it stood at cannot be read: begun anew' })
      return spec.open(inlets.receiver, undefined)
    }
  }

  async function closeOne(one: Open): Promise<void> {
    await one.source?.[Symbol.asyncDispose]()
    // What it held back goes out now, and is not kept.
    one.inlets.end()
    known.set(one.spec.name, { ...stateOf(one), closedAt: now() })
    open.delete(one.spec.name)
    troubles.delete(one.spec.name)
  }

  function stateOf({ spec, source, inlets }: Open): SourceState {
    const earlier = known.get(spec.name)
    if (source === undefined && earlier !== undefined) return earlier
    const intakes = inlets.states()
    return { position: source?.position() ?? null, ...(intakes !== undefined && { intakes }) }
  }

  /** One change at a time. */
  function inTurn(work: () => Promise<unknown>): Promise<void> {
    const done = queue.then(work).then(() => {})
    queue = done.catch(() => {})
    return done
  }

  async function become(specs: readonly SourceSpec[]): Promise<void> {
    const wanted = new Map(specs.map(spec => [spec.name, spec]))
    const unwanted = [...open.values()].filter(
      ({ spec }) => wanted.get(spec.name)?.identity !== spec.identity,
    )
    for (const one of unwanted) await closeOne(one)
    await Promise.all(specs.filter(({ name }) => !open.has(name)).map(openOne))
  }

  return {
    set: specs => inTurn(() => become(specs)),
    retry: () =>
      inTurn(() => Promise.all([...open.values()].filter(one => one.source === undefined).map(start))),
    settle() {
      for (const { inlets } of open.values()) inlets.settle()
    },
    positions() {
      const positions = Object.fromEntries(known)
      for (const one of open.values()) positions[one.spec.name] = stateOf(one)
      return positions
    },
    behind() {
      let slowest: number | undefined
      // Who has to wait has not kept up because nothing comes of it.
      const isWaiting = options.isFull()
      for (const one of open.values()) {
        const { lines, time } = one.inlets
        const isReading = isWaiting || lines > one.lines
        one.lines = lines
        if (isReading && time < now() * 1000 - BEHIND_US && !(time >= (slowest ?? Number.POSITIVE_INFINITY)))
          slowest = time
      }
      return slowest
    },
    troubles: () =>
      [...troubles].map(([name, text]) => ({ title: open.get(name)?.spec.title ?? name, text })),
    get open() {
      return [...open.values()].filter(one => one.source !== undefined).map(({ spec }) => spec)
    },
    totals: () =>
      [...open.values()].map(({ spec, inlets }) => ({ format: spec.format, totals: inlets.totals() })),
    async close(ms) {
      const closed = inTurn(() => Promise.all([...open.values()].map(closeOne)))
      await Promise.race([closed, new Promise(resolve => setTimeout(resolve, ms).unref())])
    },
  }
}
