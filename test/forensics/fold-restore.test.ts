// A table of folding that is given the changes of another goes on as that one would have.

import fc from 'fast-check'
import t from 'tap'
import { createFold, type Fold, type FoldSlot, type FollowUp } from '../../agent/forensics/fold.ts'

const S = 1_000_000
const T0 = 1_790_000_000 * S

interface Table {
  readonly fold: Fold
  readonly out: FollowUp[]
}

function table(capacity: number): Table {
  const out: FollowUp[] = []
  return { fold: createFold(followUp => out.push(followUp), capacity), out }
}

/** As a checkpoint keeps it. */
function throughJson(slots: readonly FoldSlot[]): readonly FoldSlot[] {
  return JSON.parse(JSON.stringify(slots))
}

/** One flow, as the pipeline folds it. */
function take({ fold }: Table, key: string, time: number, n: number, first: string): void {
  fold.advance(time)
  const entry = fold.find(key)
  if (entry === undefined || !fold.count(entry, time, n)) fold.start(key, 'flow.denied', first, time)
}

/** Of one moment several windows may close, in any order. */
function sorted(out: readonly FollowUp[]): readonly string[] {
  return out.map(followUp => JSON.stringify(followUp)).sort()
}

const flow = fc.record({
  do: fc.constant('flow' as const),
  key: fc.nat(5),
  after: fc.constantFrom(0, 1, 9, 10, 45, 299, 601),
  n: fc.integer({ min: 1, max: 3 }),
})
const step = fc.oneof(
  { weight: 6, arbitrary: flow },
  { weight: 2, arbitrary: fc.constant({ do: 'tell' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'whole' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
)

t.test('after any number of crashes it says what one says that never crashed', async t => {
  const property = fc.property(fc.array(step, { maxLength: 120 }), steps => {
    const whole = table(100)
    let mended = table(100)
    let told: FoldSlot[] = []
    let time = T0
    const said: FollowUp[] = []
    for (const [i, each] of steps.entries()) {
      if (each.do === 'flow') {
        time += each.after * S
        for (const one of [whole, mended]) take(one, `k${each.key}`, time, each.n, `id${i}`)
      } else if (each.do === 'whole') {
        mended.fold.changes()
        told = [...throughJson(mended.fold.changes(true))]
      } else {
        told.push(...throughJson(mended.fold.changes()))
        if (each.do === 'tell') continue
        said.push(...mended.out)
        mended = table(100)
        mended.fold.restore(told)
        if (mended.fold.size !== whole.fold.size)
          throw new Error(`${mended.fold.size} keys, not ${whole.fold.size}`)
        told = [...throughJson(mended.fold.changes(true))]
      }
    }
    for (const one of [whole, mended]) one.fold.close()
    const [expected, got] = [sorted(whole.out), sorted([...said, ...mended.out])]
    if (expected.join('\n') !== got.join('\n')) throw new Error(`${got}\nnot\n${expected}`)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }))
})

t.test('where the table is full and lines are late, no repeat is lost or counted twice', async t => {
  const late = fc.record({
    do: fc.constant('flow' as const),
    key: fc.nat(7),
    after: fc.integer({ min: -30, max: 400 }),
    n: fc.integer({ min: 1, max: 3 }),
  })
  const program = fc.array(fc.oneof({ weight: 5, arbitrary: late }, step), { maxLength: 120 })
  const property = fc.property(program, steps => {
    let current = table(3)
    let told: FoldSlot[] = []
    let time = T0
    let flows = 0
    let written = 0
    const ids = new Set<string>()
    const collect = (): void => {
      for (const { of, start, n } of current.out.splice(0)) {
        if (ids.has(`${of}@${start}`)) throw new Error(`twice: ${of}@${start}`)
        ids.add(`${of}@${start}`)
        written += n
      }
    }
    for (const [i, each] of steps.entries()) {
      if (each.do === 'flow') {
        time += each.after * S
        flows += each.n
        const { fold } = current
        fold.advance(time)
        const entry = fold.find(`k${each.key}`)
        if (entry === undefined || !fold.count(entry, time, each.n)) {
          fold.start(`k${each.key}`, 'flow.denied', `id${i}`, time)
          written += each.n
        }
      } else if (each.do === 'crash') {
        told.push(...throughJson(current.fold.changes()))
        collect()
        current = table(3)
        current.fold.restore(told)
        told = [...throughJson(current.fold.changes(true))]
      } else told.push(...throughJson(current.fold.changes()))
    }
    current.fold.close()
    collect()
    if (written !== flows) throw new Error(`${written} written, ${flows} counted`)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }))
})

t.test('a key that moved to another slot is found there', async t => {
  const { fold } = table(10)
  fold.start('a', 'flow.denied', 'A', T0)
  const b = fold.start('b', 'flow.denied', 'B', T0)
  const told = [...fold.changes()]
  fold.count(b, T0 + S, 1)
  fold.advance(T0 + 700 * S)
  fold.start('a', 'flow.denied', 'A2', T0 + 700 * S)
  told.push(...throughJson(fold.changes()))
  const other = table(10)
  other.fold.restore(told)
  t.equal(other.fold.find('a')?.of, 'A2')
  t.equal(other.fold.size, 1)
})

t.test('times that are not known stay so', async t => {
  const one = table(10)
  const entry = one.fold.start('k', 'flow.denied', 'K', Number.NaN)
  one.fold.count(entry, Number.NaN, 2)
  const other = table(10)
  other.fold.restore(throughJson(one.fold.changes()))
  other.fold.close()
  t.same(other.out, [{ of: 'K', event: 'flow.denied', start: Number.NaN, n: 2, last: Number.NaN }])
})
