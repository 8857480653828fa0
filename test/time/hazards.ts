// What may go wrong in a schedule, and how much.

export interface Hazards {
  /** Seconds that an address stays free before its next tenant; empty: no address is used twice. */
  readonly reuse: readonly number[]
  /** Seconds from the commit of a write to the arrival of its event, at most. */
  readonly watchDelay: number
  /** Seconds from the commit of a write until the data plane enforces it, at most. */
  readonly lag: number
  /** The data plane learns as late whose address is whose. */
  readonly latePeers: boolean
  /** Now and then a watch is lost, and what happened meanwhile is only seen as what a relist brings. */
  readonly outages: boolean
  /** Edits of policies, flips and reverts, edits of labels. */
  readonly edits: boolean
  /** Packets stay this far from every change, in seconds; 0: they seek its neighbourhood. */
  readonly distance: number
  /** The log's stamps are of whole seconds. */
  readonly coarse: boolean
  /** Seconds that the clocks of the API server and of the kubelets are ahead of this node's. */
  readonly skew: number
  /** Seconds by which this node's clock is stepped in the middle of the schedule. */
  readonly step: number
}

/** When this node's clock is stepped. */
export const STEPPED = 45

/** What this node's clock shows at a moment. */
export function wallOf({ step }: Hazards, time: number): number {
  return time < STEPPED ? time : time + step
}

export const calm: Hazards = {
  reuse: [],
  watchDelay: 0.5,
  lag: 1,
  latePeers: true,
  outages: false,
  edits: true,
  distance: 11,
  coarse: false,
  skew: 0,
  step: 0,
}

export const wild: Hazards = {
  reuse: [0, 0.5, 2],
  watchDelay: 4,
  lag: 5,
  latePeers: false,
  outages: false,
  edits: true,
  distance: 0,
  coarse: false,
  skew: 0,
  step: 0,
}
