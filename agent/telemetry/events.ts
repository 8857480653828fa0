// Everything the agent says about itself: one named function per event, which logs and counts, so that logs and metrics cannot
// disagree. What repeats is said once a minute per event and subject, with how often it happened meanwhile; counted is every one.

import type { Level, Trigger } from './levels.ts'

export interface AgentEvents {
  started(event: {
    readonly version: string
    readonly node: string
    /** Hash of the configuration. */
    readonly config: string
    /** As a person would call them: `netfilter-log from /dev/kmsg`. */
    readonly sources: readonly string[]
    readonly revision?: string
  }): void
  /** The last word: what was held back is said before it. */
  stopped(event: { readonly reason: string }): void
  sourceOpened(event: { readonly source: string; readonly name: string }): void
  sourceTrouble(event: { readonly source: string; readonly name: string; readonly text: string }): void
  sourceRecovered(event: { readonly source: string; readonly name: string }): void
  /** It was looked for and is not there. `text` says what one setting would bring it. */
  sourceNotFound(event: { readonly text: string }): void
  /** Evidence is missing: `lost` events, or nobody knows how many. */
  gap(event: {
    readonly source: string
    readonly cause: string
    readonly lost?: number | undefined
    /** kernel, read, parse, queue or join; by default told from the cause. */
    readonly stage?: string | undefined
  }): void
  configReloaded(event: { readonly hash: string; readonly keys: readonly string[] }): void
  configRefused(event: { readonly problems: readonly string[] }): void
  configNeedsRestart(event: { readonly keys: readonly string[] }): void
  manifestsRead(event: { readonly objects: number }): void
  manifestsRefused(event: { readonly text: string }): void
  /** What makes answers unknown, or less certain than they could be. */
  clusterDoubtful(event: { readonly text: string }): void
  /** The store does not take records; they are held in memory. */
  recordsNotWritten(event: { readonly text: string }): void
  /** `cause`: overflow, disk_full, io_error or stopping. */
  recordsDiscarded(event: { readonly records: number; readonly cause: string }): void
  recordsWritingAgain(): void
  journalNotWritten(event: { readonly text: string }): void
  stateRestored(event: { readonly positions: number; readonly records: number }): void
  stateRefused(event: { readonly text: string }): void
  /** The level changed, up or down. */
  degraded(event: { readonly level: Level; readonly trigger: Trigger | undefined }): void
  internalError(event: { readonly component: string; readonly error: unknown }): void
  httpListening(event: { readonly address: string }): void
  httpFailed(event: { readonly text: string }): void
  /** Forward is positive. */
  clockStepped(event: { readonly seconds: number }): void
}
