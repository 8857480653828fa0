// Generations for policies whose manifests have none, as an API server would count them: 1, and one more with each change of the spec.

import { isEqual, type Observed } from '../timeline/index.ts'
import { isAnother } from './manifest-directory-diff.ts'

/** The object with a generation, if it is a policy without one; `before` is what was told of it last. */
export function withGeneration(before: Observed | undefined, now: Observed): Observed {
  if (now.kind !== 'Policy' || now.object.metadata.generation !== undefined) return now
  const generation = generationAfter(before, now)
  return { ...now, object: { ...now.object, metadata: { ...now.object.metadata, generation } } }
}

function generationAfter(before: Observed | undefined, now: Observed): number {
  if (before?.kind !== 'Policy' || now.kind !== 'Policy' || isAnother(before, now)) return 1
  const { generation = 1 } = before.object.metadata
  return isEqual(before.object.spec, now.object.spec) ? generation : generation + 1
}
