// What each level of degradation means (DESIGN section 12). The ceiling decides the level, the agent does what is said here.

export type Level = 0 | 1 | 2 | 3

export const triggerNames = ['cpu', 'memory', 'queue', 'disk'] as const
export type Trigger = (typeof triggerNames)[number]

export interface Actions {
  /** Of the allowed flows that would get a record, this share does; the others are counted. */
  readonly allowedShare: number
  /** Whether spans are made. */
  readonly hasSpans: boolean
  /** Denied flows fold to one record per pair of workloads and minute. */
  readonly foldsDenied: boolean
}

const actions: readonly [Actions, Actions, Actions, Actions] = [
  { allowedShare: 1, hasSpans: true, foldsDenied: false },
  { allowedShare: 0.1, hasSpans: true, foldsDenied: false },
  { allowedShare: 0, hasSpans: false, foldsDenied: false },
  { allowedShare: 0, hasSpans: false, foldsDenied: true },
]

/** Nothing is lost uncounted at any level. */
export function actionsAt(level: Level): Actions {
  return actions[level]
}
