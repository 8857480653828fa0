// The ceiling as a state machine: what each reading leads to, and what no sequence of readings may do.

import fc from 'fast-check'
import t from 'tap'
import { type CeilingReadings, createCeiling } from '../../agent/telemetry/ceiling.ts'
import { actionsAt, type Level } from '../../agent/telemetry/levels.ts'

const calm: CeilingReadings = {
  cpuShareOfLimit: 0.1,
  throttledShare: 0,
  memoryShareOfLimit: 0.3,
  eventLoopDelayMs: 5,
  queueShare: 0,
  lagSeconds: 0.1,
}

/** The level after each of `n` equal readings. */
function feed(
  ceiling: ReturnType<typeof createCeiling>,
  readings: Partial<CeilingReadings>,
  n: number,
): Level[] {
  return Array.from({ length: n }, () => {
    ceiling.feed({ ...calm, ...readings })
    return ceiling.level
  })
}

const rises: readonly [string, Partial<CeilingReadings>, string, number[]][] = [
  ['a busy processor', { cpuShareOfLimit: 0.85 }, 'cpu', [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]],
  [
    'a processor at its quota never folds denials',
    { cpuShareOfLimit: 5 },
    'cpu',
    [0, 0, 1, 1, 1, 2, 2, 2, 2, 2],
  ],
  ['a kernel that stops it', { throttledShare: 0.7 }, 'cpu', [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]],
  ['a late event loop', { eventLoopDelayMs: 300 }, 'cpu', [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]],
  ['a full queue', { queueShare: 1 }, 'queue', [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]],
  ['a source far behind', { lagSeconds: 61 }, 'queue', [0, 0, 1, 1, 1, 2, 2, 2, 2, 2]],
  ['records that the disk does not take', { heldShare: 0.8 }, 'disk', [0, 0, 1, 1, 1, 2, 2, 2, 2, 2]],
  ['memory takes one level', { memoryShareOfLimit: 0.8 }, 'memory', [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [
    'memory takes two levels in one step',
    { memoryShareOfLimit: 0.95 },
    'memory',
    [0, 2, 2, 3, 3, 3, 3, 3, 3, 3],
  ],
]

for (const [name, readings, trigger, levels] of rises)
  t.test(`it rises: ${name}`, async t => {
    const ceiling = createCeiling()
    t.same(feed(ceiling, readings, 10), levels)
    t.equal(ceiling.trigger, trigger)
  })

t.test('it falls one step for each twenty calm readings, and says what had made it rise', async t => {
  const ceiling = createCeiling()
  feed(ceiling, { memoryShareOfLimit: 0.95 }, 4)
  feed(ceiling, {}, 19)
  t.equal(ceiling.level, 3)
  t.same(ceiling.feed(calm), { level: 2, from: 3, trigger: 'memory' })
  feed(ceiling, {}, 39)
  t.equal(ceiling.level, 1)
  t.same(ceiling.feed(calm), { level: 0, from: 1, trigger: 'memory' })
  t.equal(ceiling.trigger, undefined)
})

t.test('just below a threshold is not well below: the level stays', async t => {
  const ceiling = createCeiling()
  feed(ceiling, { queueShare: 0.5 }, 3)
  t.equal(feed(ceiling, { queueShare: 0.45 }, 1000).at(-1), 1)
  t.equal(feed(ceiling, { queueShare: 0.39 }, 20).at(-1), 0)
})

t.test('one spike in the calm begins the waiting anew, and two above in a row are not three', async t => {
  const ceiling = createCeiling()
  for (let i = 0; i < 50; i++) feed(ceiling, i % 3 === 2 ? {} : { cpuShareOfLimit: 1 }, 1)
  t.equal(ceiling.level, 0)
  feed(ceiling, { queueShare: 0.6 }, 3)
  feed(ceiling, {}, 19)
  feed(ceiling, { queueShare: 0.6 }, 1)
  t.equal(feed(ceiling, {}, 19).at(-1), 1)
})

t.test('what is not known asks for nothing', async t => {
  const unknown = Object.fromEntries(Object.keys(calm).map(name => [name, Number.NaN]))
  t.equal(feed(createCeiling(), unknown, 100).at(-1), 0)
})

t.test('each level does all that the one below does', async t => {
  for (const level of [1, 2, 3] as const) {
    const [below, at] = [actionsAt((level - 1) as Level), actionsAt(level)]
    t.ok(
      at.allowedShare <= below.allowedShare &&
        at.hasSpans <= below.hasSpans &&
        at.foldsDenied >= below.foldsDenied,
    )
  }
  t.same(actionsAt(0), { allowedShare: 1, hasSpans: true, foldsDenied: false })
  t.ok(!actionsAt(2).foldsDenied && actionsAt(3).foldsDenied, 'denials are folded at level 3 only')
})

const share = fc.oneof(fc.double({ min: 0, max: 1.2, noNaN: true }), fc.constant(Number.NaN))
const readings = fc.record({
  cpuShareOfLimit: share,
  throttledShare: share,
  memoryShareOfLimit: share,
  eventLoopDelayMs: fc.double({ min: 0, max: 6000, noNaN: true }),
  queueShare: share,
  lagSeconds: fc.double({ min: 0, max: 500, noNaN: true }),
  heldShare: share,
})
/** Runs of equal readings, because the waiting times are what matters. */
const history = fc
  .array(fc.tuple(fc.oneof(readings, fc.constant(calm)), fc.integer({ min: 1, max: 30 })), { maxLength: 20 })
  .map(runs => runs.flatMap(([of, n]) => Array.from({ length: n }, () => of)))

t.test('it never changes faster than its waiting times, nor by more than they allow', async t => {
  const property = fc.property(history, all => {
    const ceiling = createCeiling()
    let since = Number.POSITIVE_INFINITY
    for (const each of all) {
      since++
      const change = ceiling.feed(each)
      if (change === undefined) continue
      const step = change.level - change.from
      if (step < 0 && (step !== -1 || since < 20)) return false
      if (step > 0 && change.trigger !== 'memory' && (step !== 1 || since < 3)) return false
      if (step > 0 && (step > 2 || since < 2)) return false
      if (step === 0 || change.level > 3 || change.level < 0) return false
      since = 0
    }
    return true
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }))
})

t.test('higher readings at every moment never lead to a lower level at any moment', async t => {
  const higher = fc.tuple(
    history,
    fc.double({ min: 1, max: 3, noNaN: true }),
    fc.infiniteStream(fc.boolean()),
  )
  const property = fc.property(higher, ([all, factor, isRaised]) => {
    const [low, high] = [createCeiling(), createCeiling()]
    for (const each of all) {
      low.feed(each)
      high.feed(isRaised.next().value ? scaled(each, factor) : each)
      if (high.level < low.level) return false
    }
    return true
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }))
})

function scaled(of: CeilingReadings, factor: number): CeilingReadings {
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => [name, value * factor]),
  ) as unknown as CeilingReadings
}
