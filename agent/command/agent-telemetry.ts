// What happens in the agent, as telemetry has it: the events of sources, records and checkpoints, and the totals that each scrape shows.

import type { Agent, AgentEvents } from '../agent.ts'
import type { ForensicRecord } from '../forensics/record.ts'
import { createFacts } from '../record-facts.ts'
import type { Sources } from '../sources.ts'
import type { Telemetry } from '../telemetry/index.ts'
import type { SourceTotals } from '../telemetry/metrics.ts'

/** `state`: the directory of positions. */
export function agentEvents(telemetry: Telemetry, state: string | undefined, now: () => number): AgentEvents {
  const factsOf = createFacts()
  return {
    opened: ({ format, title }) => telemetry.sourceOpened({ source: format, name: title }),
    trouble({ format, title }, text) {
      if (text === undefined) telemetry.sourceRecovered({ source: format, name: title })
      else telemetry.sourceTrouble({ source: format, name: title, text })
    },
    gap: ({ format }, { cause, lost }) => telemetry.gap({ source: format, cause, lost }),
    rotated: ({ format }) => telemetry.metrics.countRotation(format, 'followed'),
    unknownPrefix({ title }, prefix) {
      const setting = `prefixes: { ${JSON.stringify(prefix)}: denied }`
      const text = `LOG prefix ${JSON.stringify(prefix)} of ${title} has no meaning here, so its packets are only counted: set ${setting}, or what it means`
      telemetry.sourceNotFound({ text })
    },
    record(record) {
      telemetry.metrics.countRecord(factsOf(record))
      observeDelay(record, telemetry, now)
    },
    answered: telemetry.metrics.observeAttribution,
    checkpoint(problem) {
      if (problem !== undefined)
        telemetry.journalNotWritten({ text: `Cannot keep positions in "${state}": ${problem.message}` })
    },
    sinkError: error => telemetry.internalError({ component: 'sink', error }),
    clockStepped: seconds => telemetry.clockStepped({ seconds }),
  }
}

/** Only of what is new: a log of the past says nothing of how long this agent takes. */
const FRESH_SECONDS = 60

function observeDelay(record: ForensicRecord, { metrics }: Telemetry, now: () => number): void {
  if (!record.event.startsWith('flow.') || record.ts === undefined || !('verdict' in record)) return
  const at = Date.parse(record.ts) / 1000
  const lagSeconds = now() / 1000 - at
  if (!(lagSeconds >= 0 && lagSeconds < FRESH_SECONDS)) return
  metrics.observeEvent(record.evidence.source, { at, lagSeconds })
}

/** What was counted since the start, for a scrape. */
export function observeCounts({ metrics }: Telemetry, agent: Agent): void {
  const { counts, sources, outbox } = agent
  metrics.observeFlows(counts)
  for (const [format, totals] of byFormat(sources.totals())) metrics.observeSource(format, totals)
  for (const [table, figures] of Object.entries(agent.tables())) metrics.observeTable(table, figures)
  metrics.observeQueue('outbox', { length: outbox.waitingBytes, capacity: outbox.capacityBytes })
}

/** Several sources may be of one format. */
function byFormat(all: ReturnType<Sources['totals']>): Map<string, SourceTotals> {
  const sums = new Map<string, SourceTotals>()
  for (const { format, totals } of all) {
    const { lines, foreign, malformed, flows } = totals
    const [undecided = 0, allowed = 0, denied = 0, rejected = 0, audited = 0, unanswered = 0] = flows
    const one = { lines, foreign, malformed, undecided, allowed, denied, rejected, audited, unanswered }
    const sum = sums.get(format)
    sums.set(format, sum === undefined ? one : added(sum, one))
  }
  return sums
}

function added(a: SourceTotals, b: SourceTotals): SourceTotals {
  const keys = Object.keys(a) as (keyof SourceTotals)[]
  return Object.fromEntries(keys.map(key => [key, a[key] + b[key]])) as unknown as SourceTotals
}
