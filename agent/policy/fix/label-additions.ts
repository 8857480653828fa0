// Which labels an object lacks for a selector to match it. What it has stays: Services and controllers select by it.

import type { Labels } from '../objects.ts'
import { holds, labelOf, matchesSelector, type Requirement, type Selector } from '../selector.ts'
import { stableKeys } from './stable-labels.ts'

/** For a selector that asks only whether there is a label. */
const ANYTHING = ['true', '']

/** Labels to add so that the selector matches; undefined where adding is not enough, or they are a controller's to set. */
export function lackingLabels(selector: Selector, labels: Labels): Labels | undefined {
  const broken = selector.requirements.filter(requirement => !holds(requirement, labels))
  const keys = new Set(broken.map(({ key }) => key))
  const added: Record<string, string> = {}
  for (const key of keys) {
    const value = labelOf(labels, key) === undefined ? valueFor(key, selector.requirements) : undefined
    if (value === undefined) return undefined
    added[key] = value
  }
  const isWhole = stableKeys(added).length === keys.size && matchesSelector(selector, { ...labels, ...added })
  return isWhole ? added : undefined
}

function valueFor(key: string, requirements: readonly Requirement[]): string | undefined {
  const ofKey = requirements.filter(requirement => requirement.key === key)
  const listed = ofKey.flatMap(({ operator, values }) =>
    operator === 'Equals' || operator === 'In' ? values : [],
  )
  return [...listed, ...ANYTHING].find(value =>
    ofKey.every(requirement => holds(requirement, { [key]: value })),
  )
}
