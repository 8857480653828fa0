// What the quickstart gives its user, whether it is a real node or a recording of one.

import type { WatchEvent } from './edit.ts'

export type Source = 'netfilter-log' | 'conntrack'

/** Whole lines of one source, newlines included. The bytes are the receiver's. */
export type OnBytes = (source: Source, bytes: Uint8Array) => void

export type QuickstartEvent =
  /** A sentence for the person who looks on, without a full stop. The first one says whether this is a real node, and why. */
  | { readonly kind: 'notice'; readonly text: string }
  /** A policy was edited: for the timeline. Comes before the data plane knows of it, as in a cluster. */
  | ({ readonly kind: 'watch' } & WatchEvent)
  /** Lines that were lost before they reached us; without `lost` nobody knows how many. */
  | { readonly kind: 'loss'; readonly source: Source; readonly lost?: number }

export type OnEvent = (event: QuickstartEvent) => void

export interface Quickstart extends AsyncDisposable {
  readonly mode: 'node' | 'recording'
  /** Name of the Node object whose eyes see all this. */
  readonly nodeName: string
  /** Microseconds between 1970 and the zero of kernel stamps; NaN for a recording, whose lines have the time in full. */
  readonly bootTime: number
}
