// One object that is described in two places.

import { isEqual, type Observed } from '../timeline/index.ts'

/** As the API has it; what this is the same for is one object. */
export function keyOf({ api, name }: Observed): string {
  return `${api} ${name}`
}

/** Of one key: whether both places say the same of it. */
export function isSameObject(a: Observed, b: Observed): boolean {
  if (a.kind === 'Policy' && b.kind === 'Policy') return isEqual(a.object.spec, b.object.spec)
  return isEqual(a.object, b.object)
}
