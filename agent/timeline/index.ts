// The public surface of the timeline.

export type { AppliedChange } from './change.ts'
export type { Timeline, TimelineInput, TimelineOptions } from './contract.ts'
export type { EpochLike } from './epochs.ts'
export { isEqual } from './equal.ts'
export {
  type LostEvent,
  noStamp,
  type ObjectEvent,
  type Observed,
  type RelistEvent,
  type Stamp,
  type TimelineEvent,
} from './observed.ts'
export type { Owner } from './owner.ts'
export { waysBetween } from './possible.ts'
export type { Backend, Service, ServiceMatch, ServicePort } from './service.ts'
export { formatTime, parseTime } from './time.ts'
export { createTimeline } from './timeline.ts'
export { type Certainty, leastCertain, sortReasons, type Unsure, unsureReasons } from './unsure.ts'
export type { PossibleState, State, View } from './view.ts'
