import fc from 'fast-check'
import t from 'tap'
import { createFold, type Folded, type FollowUp } from '../../agent/forensics/fold.ts'

const S = 1_000_000
const T0 = 1_790_000_000 * S

function record(capacity?: number) {
  const out: FollowUp[] = []
  const fold = createFold(followUp => out.push(followUp), capacity)
  return { out, fold }
}

t.test('fold counts repeats in windows of 10 s, then 60 s, then 300 s', async t => {
  const { out, fold } = record()
  const entry = fold.start('k', 'flow.denied', 'ID', T0)
  for (const second of [1, 9.9, 10, 69, 70, 369, 370, 669])
    t.ok(fold.count(entry, T0 + second * S, 1), `${second} s`)
  fold.close()
  t.same(
    out.map(f => [(f.start - T0) / S, f.n, (f.last - T0) / S]),
    [
      [0, 2, 9.9],
      [10, 2, 69],
      [70, 2, 369],
      [370, 2, 669],
    ],
  )
})

t.test('fold starts a key anew after 600 s of silence, and not before', async t => {
  const { out, fold } = record()
  const entry = fold.start('k', 'flow.denied', 'ID', T0)
  t.ok(fold.count(entry, T0 + 599.9 * S, 1))
  t.notOk(fold.count(entry, T0 + (599.9 + 600) * S, 1))
  t.notOk(entry.live)
  t.equal(fold.find('k'), undefined)
  t.equal(out.length, 1)
})

t.test(
  'fold closes a window as soon as the watermark passes it, and a late line never reopens it',
  async t => {
    const { out, fold } = record()
    const entry = fold.start('k', 'flow.denied', 'ID', T0)
    fold.count(entry, T0 + 5 * S, 3)
    fold.advance(T0 + 9 * S)
    t.equal(out.length, 0)
    fold.advance(T0 + 10 * S)
    t.same(
      out.map(f => f.n),
      [3],
    )
    fold.count(entry, T0 + 6 * S, 1)
    fold.close()
    t.same(
      out.map(f => [(f.start - T0) / S, f.n]),
      [
        [0, 3],
        [10, 1],
      ],
    )
  },
)

t.test('fold flushes the least recently used key when the table is full', async t => {
  const { out, fold } = record(2)
  const a = fold.start('a', 'flow.denied', 'A', T0)
  const b = fold.start('b', 'flow.denied', 'B', T0)
  fold.count(b, T0 + 1, 1)
  fold.count(a, T0 + 2, 1)
  fold.start('c', 'flow.denied', 'C', T0 + 3)
  t.notOk(b.live)
  t.ok(a.live)
  t.same(
    out.map(f => [f.of, f.n]),
    [['B', 1]],
  )
  t.equal(fold.evicted, 1)
})

t.test('fold counts flows without a time into one follow-up', async t => {
  const { out, fold } = record()
  const entry = fold.start('k', 'flow.denied', 'ID', Number.NaN)
  for (let i = 0; i < 5; i++) t.ok(fold.count(entry, Number.NaN, 1))
  fold.advance(T0)
  fold.close()
  t.same(
    out.map(f => f.n),
    [5],
  )
})

t.test('fold neither loses nor invents a repeat, and no two follow-ups have one id', async t => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 5 }),
    after: fc.integer({ min: -20, max: 400 }),
    n: fc.integer({ min: 1, max: 3 }),
  })
  const property = fc.property(fc.array(step, { maxLength: 200 }), steps => {
    const ids = new Set<string>()
    let written = 0
    const fold = createFold(f => {
      written += f.n
      const id = `${f.of}@${f.start}`
      if (ids.has(id)) throw new Error(`twice: ${id}`)
      ids.add(id)
    }, 3)
    let time = T0
    let counted = 0
    let firsts = 0
    for (const { key, after, n } of steps) {
      time += after * S
      counted += n
      const entry: Folded | undefined = fold.find(`k${key}`)
      if (entry === undefined || !fold.count(entry, time, n)) {
        fold.start(`k${key}`, 'flow.denied', `id${firsts++}`, time)
        written += n
      }
      fold.advance(time)
    }
    fold.close()
    if (written !== counted) throw new Error(`${written} written, ${counted} counted`)
  })
  t.doesNotThrow(() => fc.assert(property))
})
