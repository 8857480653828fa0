import t from 'tap'
import { createComplaint } from '../../agent/source/complaint.ts'
import { createOutage } from '../../agent/source/outage.ts'
import { gather } from './gather-receiver.ts'

t.test('an outage is one gap when it is over', async t => {
  const { receiver, gaps } = gather()
  let nowMs = 1000
  const outage = createOutage('x was not running', receiver, () => nowMs)
  outage.over()
  outage.goesOn(undefined, 'never seen')
  outage.over()
  t.same(gaps, [], 'nothing was there to be missed')
  outage.goesOn(900, 'it fell')
  nowMs = 2000
  outage.goesOn(1900, 'it fell again')
  nowMs = 3000
  outage.over()
  outage.over()
  t.same(gaps, [{ cause: 'x was not running: it fell again', from: 900_000, to: 3_000_000 }])
})

t.test('a long outage is told now and then, without a hole', async t => {
  const { receiver, gaps } = gather()
  let nowMs = 0
  const outage = createOutage('x', receiver, () => nowMs)
  for (; nowMs < 3_600_000; nowMs += 60_000) outage.goesOn(0, 'gone')
  outage.over()
  t.equal(gaps.length, 6)
  for (const [index, { from }] of gaps.entries()) t.equal(from, index === 0 ? 0 : gaps[index - 1]!.to)
  t.equal(gaps.at(-1)!.to, 3_600_000_000)
})

t.test('a complaint is said when it changes', async t => {
  const { receiver, troubles } = gather()
  const say = createComplaint(receiver)
  for (const text of [undefined, 'a', 'a', 'b', undefined, undefined, 'b']) say(text)
  t.same(troubles, ['a', 'b', undefined, 'b'])
})
