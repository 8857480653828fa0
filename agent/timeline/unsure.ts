// How sure an answer is, and the closed set of reasons why it is not (`why.unsure` of the record).

export type Certainty = 'certain' | 'candidates' | 'unknown'

export const unsureReasons = [
  'peer-unresolved',
  'pod-starting',
  'pod-terminating',
  'address-reused',
  'sync-gap',
  'policy-just-changed',
  'clock-uncertain',
  'unsupported-policy',
  'policy-left-out',
  'older-than-agent',
  'before-timeline',
  'too-old',
  'aggregated',
  'undefined-choice',
] as const

export type Unsure = (typeof unsureReasons)[number]

const rank = { certain: 0, candidates: 1, unknown: 2 } as const

/** The less certain of the two. */
export function leastCertain(a: Certainty, b: Certainty): Certainty {
  return rank[a] >= rank[b] ? a : b
}

/** Each reason once, in the order of the closed set, so that equal sets print equally. */
export function sortReasons(reasons: Iterable<Unsure>): readonly Unsure[] {
  const all = new Set(reasons)
  return unsureReasons.filter(reason => all.has(reason))
}
