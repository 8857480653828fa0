// Label selectors as data: requirements in the order and the words of kubectl, so that one text is what an operator reads, what
// equal selectors share, and what a nearest miss quotes.

import type { Labels } from './objects.ts'

export type Operator = 'Equals' | 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  /** One for Equals, sorted for In and NotIn, none for the others. */
  readonly values: readonly string[]
}

/** Requirements that must all hold (S7), sorted by key; none of them selects everything. */
export interface Selector {
  readonly requirements: readonly Requirement[]
}

/** What a label has under a key, or undefined; never what an object inherits (`constructor` is a valid label key). */
export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}

/** apimachinery `Requirement.Matches` (S3-S6). */
export function holds(requirement: Requirement, labels: Labels): boolean {
  const value = labelOf(labels, requirement.key)
  switch (requirement.operator) {
    case 'Equals':
      return value === requirement.values[0]
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      // S5: a missing key matches, and this is intended.
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

export function matchesSelector(selector: Selector, labels: Labels): boolean {
  return selector.requirements.every(requirement => holds(requirement, labels))
}

/** kubectl's syntax: `app=api`, `tier in (a,b)`, `env notin (x)`, `debug`, `!legacy`. */
export function formatRequirement(requirement: Requirement): string {
  const { key, operator, values } = requirement
  switch (operator) {
    case 'Equals':
      return `${key}=${values[0]}`
    case 'In':
      return `${key} in (${values.join(',')})`
    case 'NotIn':
      return `${key} notin (${values.join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
  }
}

/** All requirements, joined as kubectl does; empty text for the selector that selects everything. */
export function formatSelector(selector: Selector): string {
  return selector.requirements.map(formatRequirement).join(',')
}
