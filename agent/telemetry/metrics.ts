// The agent's metrics as its parts see them: what they hand over as plain data, and the text that Prometheus reads.

import type { CgroupFigures } from './cgroup.ts'
import type { LoopDelay } from './event-loop.ts'
import type { RecordFacts } from './record-facts.ts'

export interface MetricsOptions {
  /** Milliseconds since 1970, for exemplars. */
  readonly now?: () => number
  /** Label sets that one metric may have, 2,000 by default; at least 264. */
  readonly seriesCap?: number
  /** Metrics that are kept only on demand, by name: culprit_allows_total, culprit_namespace_drops_total. */
  readonly optional?: readonly string[]
  /** Whether process_* and nodejs_* are shown; default true. */
  readonly hasProcess?: boolean
}

/** Totals since the start of what one source's lines were; `Counts` of the pipeline has all of it. */
export interface SourceTotals {
  readonly lines: number
  readonly foreign: number
  readonly malformed: number
  readonly allowed: number
  readonly denied: number
  readonly rejected: number
  readonly audited: number
  readonly unanswered: number
  readonly undecided: number
}

export interface FlowTotals {
  readonly allowed: number
  readonly denied: number
  readonly rejected: number
  readonly audited: number
  readonly unanswered: number
  /** Allowed flows that were only counted, and lines that were not even read. */
  readonly shed: number
  readonly shedLines: number
}

/** A bounded table: evictions are totals since the start. */
export interface TableFigures {
  readonly entries: number
  readonly capacity: number
  readonly expired?: number | undefined
  readonly displaced?: number | undefined
}

export interface StoreFigures {
  readonly writtenBytes?: number | undefined
  readonly segmentBytes?: number | undefined
  /** Seconds since 1970 of the oldest record that is kept. */
  readonly oldestRecord?: number | undefined
  readonly chainSequence?: number | undefined
  /** Totals since the start. */
  readonly chainErrors?: number | undefined
}

export interface Metrics extends Disposable {
  /** Once for every record that is written, follow-ups included. */
  countRecord(facts: RecordFacts): void
  /** Totals since the start, at every scrape. */
  observeFlows(totals: FlowTotals): void
  observeSource(source: string, totals: SourceTotals): void
  /** Seconds since 1970 of the newest event, and how many seconds it was old when it was processed (undefined: a file of the past). */
  observeEvent(source: string, event: { readonly at: number; readonly lagSeconds?: number | undefined }): void
  /** A new file is followed under the name; gaps are counted by the event that tells of them. */
  countRotation(source: string, outcome: 'followed'): void
  /** Seconds from the line to its record being written. */
  observeAttribution(seconds: number): void
  observeTable(table: string, figures: TableFigures): void
  observeQueue(queue: string, figures: { readonly length: number; readonly capacity: number }): void
  /** Objects known, by resource: `pods`, `namespaces`, `networkpolicies`, `nodes`, `services`. */
  observeObjects(objects: Readonly<Record<string, number>>): void
  /** Policies known, by kind and by what they are here. */
  observePolicies(
    kind: string,
    policies: { readonly selectedHere: number; readonly notSelected: number; readonly invalid: number },
  ): void
  observeEnforcement(figures: { readonly pending: number; readonly oldestPendingSeconds: number }): void
  /** A change for which no evidence ever came: no_evidence_source, no_traffic or timeout. */
  countEnforcementUnknown(cause: string): void
  /** The view of a resource was lost and built anew. */
  countWatchRestart(resource: string, cause: string): void
  /** Seconds since 1970 of the newest news of a resource. */
  observeWatch(resource: string, at: number): void
  observeStore(figures: StoreFigures): void
  observeCgroup(figures: CgroupFigures): void
  /** Every look at the event loop; the worst since the last scrape is shown. */
  observeLoop(delay: LoopDelay): void
  /** Share of flows that are kept one by one. */
  observeSampling(verdict: string, share: number): void
  /** Called before every rendering: the place to hand over totals. Returns what ends it. */
  onScrape(collect: () => void): () => void
  /** What a scraper that sent this Accept header is given: OpenMetrics, unless it knows text only. */
  render(accept?: string): Promise<{ readonly contentType: string; readonly body: Buffer }>
}
