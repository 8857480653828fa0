// One thing said: counted always, logged unless it was said a moment ago of the same subject.

import type { agentEvents } from './closed-sets.ts'
import type { Log, LogLevel } from './log.ts'
import type { Families } from './registry.ts'
import type { Repeats } from './repeats.ts'

export interface Saying {
  readonly event: (typeof agentEvents)[number]
  readonly level: LogLevel
  /** Repeats of one event about one subject are folded; undefined: each is said. */
  readonly subject: string | undefined
  readonly fields?: Readonly<Record<string, unknown>>
  /** Without a full stop. */
  readonly sentence: string
}

export type SaySomething = (saying: Saying) => void

export function createSay({
  log,
  families,
  now,
  repeats,
}: {
  readonly log: Log
  readonly families: Families
  now(): number
  readonly repeats: Repeats
}): SaySomething {
  return ({ event, level, subject, fields, sentence }) => {
    families.family('culprit_agent_events_total').series(event).add(1)
    const say = (more: number): void =>
      more > 0
        ? log.write(level, { event, ...fields, more }, `${sentence} (and ${more} more like it)`)
        : log.write(level, { event, ...fields }, sentence)
    if (subject === undefined) say(0)
    else repeats.pass(`${event}\0${subject}`, now(), say)
  }
}

/** `1 record`, `2 records` */
export function count(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`
}
