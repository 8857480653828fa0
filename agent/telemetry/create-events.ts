// The events themselves: their sentences, their levels, their counters.

import type { AgentEvents } from './events.ts'
import { agentStateEvents } from './events-agent.ts'
import { configEvents } from './events-config.ts'
import { recordEventsOf } from './events-records.ts'
import { sourceEvents } from './events-source.ts'
import type { Log } from './log.ts'
import type { Families } from './registry.ts'
import { createRepeats } from './repeats.ts'
import { createSay } from './say.ts'

export function createEvents(options: { readonly log: Log; readonly families: Families; now(): number }): {
  readonly events: AgentEvents
  settle(): void
} {
  const { log, families, now } = options
  const repeats = createRepeats()
  const say = createSay({ log, families, now, repeats })
  const events = {
    ...sourceEvents(say, families),
    ...configEvents(say, families, now),
    ...recordEventsOf(say, families),
    ...agentStateEvents({ say, families, log, settleAll: () => repeats.settle(now(), true) }),
  }
  return { events, settle: () => repeats.settle(now()) }
}
