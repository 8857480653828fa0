// What changed between two states of a directory of manifests, and the generations that policies are given.

import fc from 'fast-check'
import t from 'tap'
import { differences } from '../../agent/cluster/manifest-directory-diff.ts'
import { withGeneration } from '../../agent/cluster/manifest-directory-generation.ts'
import { readObject } from '../../agent/cluster/objects.ts'
import { keyOf } from '../../agent/cluster/same-object.ts'
import { isEqual, type Observed } from '../../agent/timeline/index.ts'

function observed(value: unknown): Observed {
  const reading = readObject(value)
  if (reading.outcome !== 'observed') throw new Error(JSON.stringify(reading))
  return reading.observed
}

const pod = (name: string, app: string, uid?: string): Observed =>
  observed({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace: 'shop', labels: { app }, ...(uid ? { uid } : {}) },
  })

const policy = (name: string, app: string, generation?: number, uid?: string): Observed =>
  observed({
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { name, namespace: 'shop', ...(generation ? { generation } : {}), ...(uid ? { uid } : {}) },
    spec: { podSelector: { matchLabels: { app } } },
  })

const stateOf = (all: readonly Observed[]): Map<string, Observed> =>
  new Map(all.map(each => [keyOf(each), each]))

t.test('an object comes, changes and goes; one that is the same says nothing', async t => {
  const rows: [Observed[], Observed[], string[]][] = [
    [[], [pod('a', 'x')], ['ADDED shop/a']],
    [[pod('a', 'x')], [pod('a', 'x')], []],
    [[pod('a', 'x')], [pod('a', 'y')], ['MODIFIED shop/a']],
    [[pod('a', 'x')], [], ['DELETED shop/a']],
    [
      [pod('a', 'x'), pod('b', 'x')],
      [pod('b', 'y'), pod('c', 'x')],
      ['DELETED shop/a', 'MODIFIED shop/b', 'ADDED shop/c'],
    ],
    [[pod('a', 'x', 'u1')], [pod('a', 'x', 'u2')], ['DELETED shop/a', 'ADDED shop/a']],
    [[pod('a', 'x')], [pod('a', 'x', 'u1')], ['MODIFIED shop/a']],
  ]
  for (const [before, after, want] of rows) {
    const found = differences(stateOf(before), stateOf(after))
    t.same(
      found.map(({ type, observed }) => `${type} ${observed.name}`),
      want,
    )
  }
})

t.test('a policy without a generation is given 1, and one more with each change of its spec', async t => {
  const rows: [Observed | undefined, Observed, number][] = [
    [undefined, policy('p', 'a'), 1],
    [policy('p', 'a', 4), policy('p', 'a'), 4],
    [policy('p', 'a', 4), policy('p', 'b'), 5],
    [policy('p', 'a'), policy('p', 'b'), 2],
    [policy('p', 'a', 4), policy('p', 'b', 9), 9],
    [policy('p', 'a', 4, 'u1'), policy('p', 'b', undefined, 'u2'), 1],
    [pod('p', 'a'), policy('p', 'b'), 1],
  ]
  for (const [before, now, want] of rows) {
    const given = withGeneration(before, now)
    t.equal(given.kind === 'Policy' && given.object.metadata.generation, want)
  }
  const other = pod('a', 'x')
  t.equal(withGeneration(undefined, other), other)
})

t.test(
  'whatever states follow one another, the events give the same objects, and generations never fall',
  async t => {
    const name = fc.constantFrom('a', 'b', 'c')
    const app = fc.constantFrom('x', 'y')
    const uid = fc.constantFrom(undefined, 'u1', 'u2')
    const anyObject = fc.oneof(
      fc.tuple(name, app, uid).map(([n, a, u]) => pod(n, a, u)),
      fc.tuple(name, app).map(([n, a]) => policy(n, a)),
    )
    const anyStates = fc.array(fc.array(anyObject, { maxLength: 6 }).map(stateOf), { maxLength: 8 })
    fc.assert(
      fc.property(anyStates, states => {
        let told = new Map<string, Observed>()
        const replayed = new Map<string, Observed>()
        for (const state of states) {
          const next = new Map([...state].map(([key, each]) => [key, withGeneration(told.get(key), each)]))
          for (const { type, key, observed } of differences(told, next)) {
            if (type === 'ADDED' && replayed.has(key)) throw new Error(`${key} comes twice`)
            if (type !== 'ADDED' && !replayed.has(key)) throw new Error(`${key} was not there`)
            const before = replayed.get(key)
            if (type === 'MODIFIED' && before?.kind === 'Policy' && observed.kind === 'Policy') {
              const [from, to] = [before.object.metadata.generation!, observed.object.metadata.generation!]
              if (to !== from + 1) throw new Error(`${key} went from ${from} to ${to}`)
            }
            if (type === 'DELETED') replayed.delete(key)
            else replayed.set(key, observed)
          }
          told = next
          if (!isEqual(Object.fromEntries(replayed), Object.fromEntries(told)))
            throw new Error('another state')
        }
      }),
      { numRuns: 2000 },
    )
    t.pass('held')
  },
)
