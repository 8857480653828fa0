// Counts by what records have in common: top talkers, per policy, per pod.

import type { Found } from './query.ts'
import type { Facts } from './query-facts.ts'
import type { Endpoint } from './record.ts'

/** What can be counted by; a record with several policies or pods counts once for each. */
export const groupKeys = [
  'from',
  'to',
  'pod',
  'namespace',
  'policy',
  'port',
  'verdict',
  'event',
  'reason',
  'node',
] as const

export type GroupKey = (typeof groupKeys)[number]

export interface Group {
  /** One for each key, in their order; empty where records have none. */
  readonly values: readonly string[]
  /** Packets or connections, as their logs count them. */
  n: number
  /** Records, follow-ups among them. */
  records: number
  /** Microseconds, NaN where no record has a time. */
  first: number
  last: number
}

export interface Groups {
  add(found: Found): void
  /** The largest first. */
  close(): readonly Group[]
}

export function createGroups(keys: readonly GroupKey[]): Groups {
  const groups = new Map<string, Group>()
  // The same facts come again and again: their groups are looked up once.
  const byFacts = new WeakMap<Facts, readonly Group[]>()

  function groupsOf(facts: Facts): readonly Group[] {
    const known = byFacts.get(facts)
    if (known !== undefined) return known
    const found = combined(keys.map(key => valuesOf[key](facts))).map(values => {
      const name = values.join('\0')
      const group = groups.get(name) ?? { values, n: 0, records: 0, first: Number.NaN, last: Number.NaN }
      groups.set(name, group)
      return group
    })
    byFacts.set(facts, found)
    return found
  }

  return {
    add({ facts, n, time, last }) {
      for (const group of groupsOf(facts)) {
        group.n += n
        group.records++
        if (!(time >= group.first)) group.first = Number.isNaN(time) ? group.first : time
        if (!(last <= group.last)) group.last = Number.isNaN(last) ? group.last : last
      }
    },
    close: () =>
      [...groups.values()].sort((a, b) => b.n - a.n || (a.values.join('\0') < b.values.join('\0') ? -1 : 1)),
  }
}

type ValuesOf = (facts: Facts) => readonly string[]

const valuesOf: Readonly<Record<GroupKey, ValuesOf>> = {
  from: ({ src }) => [src === undefined ? '' : workloadOf(src)],
  to: ({ dst }) => [dst === undefined ? '' : workloadOf(dst)],
  pod: ({ src, dst }) => some([podOf(src), podOf(dst)]),
  namespace: ({ src, dst }) => some([src?.ns, dst?.ns]),
  policy: ({ policies }) => some(policies),
  port: ({ port, proto }) => [port === undefined ? (proto ?? '') : `${port}/${proto ?? ''}`],
  verdict: ({ verdict }) => [verdict ?? ''],
  event: ({ event }) => [event],
  reason: ({ reason }) => [reason ?? ''],
  node: ({ node }) => [node ?? ''],
}

/** `ns/name` of the workload, else who it is: folding counts by workload too. */
export function workloadOf(end: Endpoint): string {
  if (end.wl !== undefined) return `${end.ns}/${end.wl.slice(end.wl.indexOf('/') + 1)}`
  return (
    podOf(end) ??
    end.node ??
    end.svc ??
    end.ip ??
    (end.ns === undefined ? (end.as ?? '') : `${end.ns}/${end.as ?? '*'}`)
  )
}

function podOf(end: Endpoint | undefined): string | undefined {
  return end?.pod === undefined ? undefined : `${end.ns}/${end.pod}`
}

/** Each once; one empty value where there is none, so that every record is counted somewhere. */
function some(values: readonly (string | undefined)[]): readonly string[] {
  const known = [...new Set(values.filter(value => value !== undefined))]
  return known.length > 0 ? known : ['']
}

/** Every choice of one value from each list. */
function combined(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (all, list) => all.flatMap(values => list.map(value => [...values, value])),
    [[]],
  )
}
