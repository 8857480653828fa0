// What changed between two states of a directory of manifests, as a watch would have told it. Pure.

import { isEqual, type Observed } from '../timeline/index.ts'

export interface Difference {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly key: string
  /** As it is now; of what was deleted, as it was. */
  readonly observed: Observed
}

/**
 * In the order of the new state, deletions first: a pod that was made anew under its old name is gone before it comes. `before` has the
 * objects as they were told, so that generations go on.
 */
export function differences(
  before: ReadonlyMap<string, Observed>,
  after: ReadonlyMap<string, Observed>,
): readonly Difference[] {
  const deleted: Difference[] = []
  const rest: Difference[] = []
  for (const [key, observed] of before) {
    const now = after.get(key)
    if (now === undefined || isAnother(observed, now)) deleted.push({ type: 'DELETED', key, observed })
  }
  for (const [key, observed] of after) {
    const earlier = before.get(key)
    if (earlier === undefined || isAnother(earlier, observed)) rest.push({ type: 'ADDED', key, observed })
    else if (!isEqual(earlier, observed)) rest.push({ type: 'MODIFIED', key, observed })
  }
  return [...deleted, ...rest]
}

/** Made anew under the same name: both have a uid, and not the same. */
export function isAnother(before: Observed, after: Observed): boolean {
  const hasUid = (each: Observed): boolean => each.id !== each.name
  return hasUid(before) && hasUid(after) && before.id !== after.id
}
