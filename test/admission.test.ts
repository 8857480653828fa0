// What is judged at once, what waits, and what is only counted.

import t from 'tap'
import { type AdmissionOptions, createAdmission } from '../agent/admission.ts'
import { zeroCounts } from '../agent/counts.ts'
import { createFlow, type Flow, Verdict } from '../collectors/flow.ts'

function flowOf(verdict: Verdict, time = 0): Flow {
  return Object.assign(createFlow(), { verdict, time })
}

/** Nobody is known at any address, unless `more` says otherwise. */
function stage(more: Partial<AdmissionOptions> = {}) {
  const counts = zeroCounts()
  const judged: Flow[] = []
  const counted: Flow[] = []
  const admission = createAdmission({
    allowed: 'count',
    holdMs: 2000,
    proof: undefined,
    monotonic: undefined,
    counts,
    isAwaited: () => true,
    isTold: () => false,
    judge: flow => judged.push(flow),
    countOnly: flow => counted.push(flow),
    ...more,
  })
  return { admission, counts, judged, counted }
}

t.test('what names nobody does not wait for somebody to be known', async t => {
  const { admission, judged } = stage()
  admission.take(flowOf(Verdict.allowed))
  admission.take(flowOf(Verdict.none))
  t.equal(judged.length, 2)
  admission.take(flowOf(Verdict.denied))
  t.equal(judged.length, 2)
  t.equal(admission.size, 1)
})

t.test('an allowed flow that gets a record waits like any other', async t => {
  const { admission, judged } = stage({ allowed: 'full' })
  admission.take(flowOf(Verdict.allowed))
  t.equal(judged.length, 0)
  admission.drain()
  t.equal(judged.length, 1)
})

t.test('allowed flows give way: sampled, then only counted; denied ones never', async t => {
  for (const [level, judgedOf, shed] of [
    [0, 160, 0],
    [1, 10, 150],
    [2, 0, 160],
    [3, 0, 160],
  ] as const) {
    const { admission, counts, judged, counted } = stage({ isAwaited: () => false })
    admission.level = level
    for (let i = 0; i < 160; i++) admission.take(flowOf(Verdict.allowed))
    t.strictSame([judged.length, counted.length, counts.shed], [judgedOf, shed, shed], `level ${level}`)
    admission.take(flowOf(Verdict.denied))
    t.equal(judged.length, judgedOf + 1)
  }
})

t.test('a flow waits until the cluster is known up to its time, and asks for it', async t => {
  const proof = { until: 100, asked: 0 }
  const { admission, judged } = stage({
    isAwaited: () => false,
    proof: {
      until: () => proof.until,
      ask: () => {
        proof.asked++
      },
    },
  })
  admission.take(flowOf(Verdict.denied, 100))
  t.strictSame([judged.length, proof.asked], [1, 0], 'up to its time, that included')
  admission.take(flowOf(Verdict.denied, 101))
  t.strictSame([judged.length, proof.asked], [1, 1])
  proof.until = 101
  admission.advance(1)
  t.equal(judged.length, 2)
})

t.test('of repeats of what was told only a few wait', async t => {
  const { admission, judged } = stage({
    isAwaited: () => false,
    isTold: () => true,
    proof: { until: () => 0, ask() {} },
  })
  for (let i = 0; i < 100; i++) admission.take(flowOf(Verdict.denied, 1))
  t.strictSame([admission.size, judged.length], [64, 36])
})

t.test('more than may wait are let go at once, the oldest first, and counted', async t => {
  const { admission, counts, judged } = stage()
  for (let i = 0; i < admission.capacity + 2; i++) admission.take(flowOf(Verdict.denied, i))
  t.match(counts, { held: admission.capacity + 2, displaced: 2 })
  t.strictSame(
    judged.map(({ time }) => time),
    [0, 1],
  )
})

t.test('a replay waits for nobody', async t => {
  const { admission, judged } = stage({ holdMs: 0 })
  admission.take(flowOf(Verdict.denied))
  t.strictSame([judged.length, admission.size], [1, 0])
})
