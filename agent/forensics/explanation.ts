// What an explanation is made of: the record and a few things that only the asker knows go in, sentences come out. Plain data.

import type { FlowRecord } from './record.ts'

/** A flow's record, or the same members worked out from the policies where no line of a log tells of such a flow. */
export type Judged = Omit<FlowRecord, 'v' | 'id' | 'event' | 'evidence' | 'verdict'> & {
  /** `unknown`: computed, and there is no telling. */
  readonly verdict: FlowRecord['verdict'] | 'unknown'
}

/** What the logs say about the same pair before the record that is explained. Times as in records. */
export interface Run {
  /** Packets with the same answer up to this one, without another answer between them. */
  readonly n: number
  /** Of the first of them. */
  readonly since: string | undefined
  /** The last one before them, which had another answer. */
  readonly before: { readonly verdict: FlowRecord['verdict']; readonly ts: string | undefined } | undefined
}

/** A piece of a manifest, where it stands. */
export interface Quote {
  readonly policy: string
  /** `ingress[0].from[0].podSelector` */
  readonly path: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly lines: readonly string[]
  /** The lines are not the file's own: it has them as JSON. */
  readonly isRendered: boolean
}

/** Other pods of the same two workloads that get another answer than the pair that is explained. */
export interface OtherPair {
  readonly from: string
  readonly to: string
  readonly verdict: 'allowed' | 'denied' | 'unknown'
}

/** What the asker knows beside the record. */
export interface Told {
  /**
   * `record`: a line of a log tells of it. Else it is computed: there was no log, none of its lines is a flow, or none is about this
   * pair; `none-kept`: no record at rest is.
   */
  readonly basis: 'record' | 'no-log' | 'no-flow' | 'no-record' | 'none-kept'
  /** Of a computed answer: the state that was asked, `the world's last state` where absent. */
  readonly asOf?: string | undefined
  readonly run?: Run | undefined
  readonly quotes: readonly Quote[]
  /** Pairs of pods that were asked, and those whose answer differs. */
  readonly pairs?: { readonly asked: number; readonly others: readonly OtherPair[] } | undefined
  /** How the call was understood, one sentence each. */
  readonly notes: readonly string[]
  /** The command that shows more. */
  readonly more: { readonly text: string; readonly command: string }
}

/** A proposal, never to be applied unread. */
export interface Proposal {
  /** What it would do, one sentence. */
  readonly text: string
  /** Absent where a name cannot stand in a command. The server only tries it: nothing is changed. */
  readonly command: string | undefined
}

/** Everything is printable already. */
export interface Explanation {
  readonly word: string
  /** Who to whom: `shop/cart-x2v9k -> data/pg-0:5432 tcp` */
  readonly connection: string
  readonly sentences: readonly string[]
  readonly quotes: readonly Quote[]
  readonly proposals: readonly Proposal[]
  readonly more: { readonly text: string; readonly command: string }
}
