// The smallest selector for a pod: the fewest of its stable labels that select as few workloads as all of them do.

import type { Labels } from '../objects.ts'
import { labelOf } from '../selector.ts'
import type { PodGroup } from './pod-index.ts'
import { stableKeys } from './stable-labels.ts'

/** Sets of up to this size are tried in full, which are a few hundred; beyond it labels are dropped one by one. */
const TRIED_IN_FULL = 3
const TRIED_OF_MANY = 2
const MANY = 12

/** `matchLabels` for pods like this one among the pods of its namespace; empty where it has no label to be known by. */
export function tightLabels(labels: Labels, groups: readonly PodGroup[]): Labels {
  const keys = stableKeys(labels)
  const count = (chosen: readonly string[]) => workloadsWith(chosen, labels, groups)
  const fewest = count(keys)
  const chosen = smallestSet(keys, set => count(set) === fewest) ?? withoutSpare(keys, fewest, count)
  return Object.fromEntries(chosen.map(key => [key, labels[key]!]))
}

function workloadsWith(keys: readonly string[], labels: Labels, groups: readonly PodGroup[]): number {
  const workloads = new Set<number>()
  for (const group of groups) {
    if (keys.every(key => labelOf(group.labels.labels, key) === labels[key]))
      for (const { workload } of group.members) workloads.add(workload)
  }
  return workloads.size
}

/** The first set of the smallest size that will do, in the order of the keys. */
function smallestSet(
  keys: readonly string[],
  willDo: (set: readonly string[]) => boolean,
): readonly string[] | undefined {
  if (keys.length === 0) return []
  const largest = Math.min(keys.length > MANY ? TRIED_OF_MANY : TRIED_IN_FULL, keys.length)
  for (let size = 1; size <= largest; size++) {
    const found = setsOf(keys, size).find(willDo)
    if (found !== undefined) return found
  }
  return undefined
}

function setsOf(keys: readonly string[], size: number): string[][] {
  if (size === 0) return [[]]
  return keys.flatMap((key, i) => setsOf(keys.slice(i + 1), size - 1).map(rest => [key, ...rest]))
}

/** Drops the least conventional labels first, as long as that lets nobody else in. */
function withoutSpare(
  keys: readonly string[],
  fewest: number,
  count: (set: readonly string[]) => number,
): readonly string[] {
  return keys.toReversed().reduce<readonly string[]>((left, key) => {
    const fewer = left.filter(other => other !== key)
    return fewer.length > 0 && count(fewer) === fewest ? fewer : left
  }, keys)
}
