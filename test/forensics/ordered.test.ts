import t from 'tap'
import { createOrdered } from '../../agent/forensics/ordered.ts'

t.test('ordered hands out by time, and equal times as they came', async t => {
  const out: string[] = []
  const ordered = createOrdered<string>(item => out.push(item))
  for (const [time, item] of [
    [3, 'c'],
    [1, 'a'],
    [2, 'b1'],
    [2, 'b2'],
    [1, 'a2'],
  ] as const)
    ordered.push(time, item)
  ordered.flush()
  t.same(out, ['a', 'a2', 'b1', 'b2', 'c'])
  t.equal(ordered.late, 0)
})

t.test('ordered writes late what comes after the buffer has moved on, and counts it', async t => {
  const out: number[] = []
  const ordered = createOrdered<number>(item => out.push(item), 2)
  for (const time of [10, 20, 30, 5]) ordered.push(time, time)
  ordered.flush()
  t.same(out, [10, 5, 20, 30])
  t.equal(ordered.late, 1)
})

t.test('ordered keeps a record without time behind the one before it', async t => {
  const out: string[] = []
  const ordered = createOrdered<string>(item => out.push(item))
  ordered.push(Number.NaN, 'first')
  ordered.push(5, 'five')
  ordered.push(Number.NaN, 'after five')
  ordered.push(4, 'four')
  ordered.flush()
  t.same(out, ['first', 'four', 'five', 'after five'])
})

t.test('ordered sorts any input of at most its capacity', async t => {
  const times = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000)
  const out: number[] = []
  const ordered = createOrdered<number>(item => out.push(item), 1000)
  for (const time of times) ordered.push(time, time)
  ordered.flush()
  t.same(
    out,
    times.toSorted((a, b) => a - b),
  )
})
