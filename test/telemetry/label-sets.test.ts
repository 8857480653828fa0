// Labels of a metric: closed sets, the cap, and what becomes of values beyond it.

import fc from 'fast-check'
import t from 'tap'
import { createLabelSets } from '../../agent/telemetry/label-sets.ts'
import {
  combinations,
  type MetricSpec,
  open,
  overflowCombinations,
} from '../../agent/telemetry/metric-spec.ts'

const spec: MetricSpec = {
  type: 'counter',
  help: '',
  unit: '',
  labels: { kind: ['A', 'B', '__overflow__'], name: open, dir: ['in', 'out'] },
}

function sets(cap: number) {
  const created: { labels: Readonly<Record<string, string>>; isOver: boolean }[] = []
  const of = createLabelSets(spec, cap, (labels, isOver) => {
    const made = { labels, isOver }
    created.push(made)
    return made
  })
  return { of, created }
}

t.test('a value outside of its closed set is `other`', async t => {
  const { of } = sets(100)
  t.same(of.find(['C', 'x', 'up']).labels, { kind: 'other', name: 'x', dir: 'other' })
  t.equal(of.find(['C', 'x', 'up']), of.find(['D', 'x', 'sideways']), 'both are one series')
})

t.test('beyond the cap the open labels overflow, the others stay, and what was there goes on', async t => {
  // Of 10, three are kept for overflow: in, out, other.
  const { of } = sets(10)
  const first = of.find(['A', 'policy-0', 'in'])
  for (let i = 1; i < 7; i++) t.notOk(of.find(['A', `policy-${i}`, 'in']).isOver)
  t.same(of.find(['A', 'policy-7', 'in']), {
    labels: { kind: '__overflow__', name: '__overflow__', dir: 'in' },
    isOver: true,
  })
  t.equal(of.find(['B', 'policy-8', 'in']), of.find(['A', 'policy-9', 'in']))
  t.equal(of.find(['A', 'policy-0', 'in']), first)
})

t.test('a series that is removed makes room', async t => {
  const { of } = sets(10)
  for (let i = 0; i < 7; i++) of.find(['A', `policy-${i}`, 'in'])
  of.remove(['A', 'policy-3', 'in'])
  t.notOk(of.find(['A', 'another', 'in']).isOver)
  t.ok(of.find(['A', 'policy-3', 'in']).isOver)
})

t.test('the number of values must be the number of labels', async t => {
  t.throws(() => sets(10).of.find(['A', 'x']), { message: 'Cannot count: 2 values for 3 labels' })
})

t.test('no sequence of label sets makes more series than the cap', async t => {
  const value = fc.constantFrom('A', 'B', 'C', '__overflow__')
  const set = fc.tuple(value, fc.string({ maxLength: 2 }), fc.constantFrom('in', 'out', 'x'))
  const property = fc.property(
    fc.array(set, { maxLength: 200 }),
    fc.integer({ min: 6, max: 40 }),
    (all, cap) => {
      const { of, created } = sets(cap)
      for (const values of all) of.find(values)
      return created.length <= cap && [...of.all()].length === created.length
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test(
  'combinations() are all label sets of closed labels, overflowCombinations() those that overflow needs',
  async t => {
    const closed: MetricSpec = { ...spec, labels: { a: ['1', '2'], b: ['x', 'y'] } }
    t.same(combinations(closed), [
      ['1', 'x'],
      ['1', 'y'],
      ['2', 'x'],
      ['2', 'y'],
    ])
    t.same(combinations({ ...spec, labels: {} }), [[]])
    t.equal(overflowCombinations(spec), 3)
  },
)
