// The changes behind a view, listed once however often they are asked for.

import type { AppliedChange } from '../timeline/index.ts'
import type { View } from './question.ts'

const listed = new WeakMap<View, readonly AppliedChange[]>()

/** Those that this node had been told of, newest first. A view makes a new list each time it is asked. */
export function historyOf(view: View): readonly AppliedChange[] {
  const known = listed.get(view) ?? view.changes()
  listed.set(view, known)
  return known
}
