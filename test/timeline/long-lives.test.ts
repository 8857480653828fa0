// Timelines of weeks in which one object, or one address, had very many lives.

import t from 'tap'
import { appended } from '../../agent/timeline/appended.ts'
import { added, beginning, deleted, modified, ownerAt, pod, printOwner, timelineOf } from './build.ts'

const MANY = 40_000
const ip = '10.0.0.5'
const times = Array.from({ length: MANY }, (_, i) => 100 + 10 * i)

t.test('a pod that was relabelled very often', async t => {
  const labelled = (i: number) => pod({ uid: 'a', ips: [ip], labels: { turn: String(i) } })
  const timeline = timelineOf([
    ...beginning(),
    ...times.map((time, i) => (i === 0 ? added : modified)(time, labelled(i))),
  ])
  t.equal(timeline.changes().length, MANY - 1)
  t.equal(printOwner(ownerAt(timeline, ip, times.at(-1)! + 60)), 'certain a')
})

t.test('an address that very many pods had, one after the other', async t => {
  const timeline = timelineOf([
    ...beginning(),
    ...times.slice(0, MANY / 4).flatMap((time, i) => {
      const own = pod({ uid: `p${i}`, ips: [ip] })
      return [added(time, own), deleted(time + 9, own)]
    }),
  ])
  t.equal(printOwner(ownerAt(timeline, ip, times[MANY / 4 - 1]! + 3)), `certain p${MANY / 4 - 1}`)
})

t.test('a short list may be shared, so one more makes another; a long one grows in its place', async t => {
  const none: readonly number[] = Object.freeze([])
  const one = appended(none, 1)
  t.strictSame([none, one], [[], [1]])
  const long = Array.from({ length: 100 }, (_, i) => i)
  t.equal(appended(long, 100), long)
  t.equal(long.length, 101)
})
