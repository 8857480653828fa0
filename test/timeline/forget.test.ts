// What forgetting costs and keeps: whoever forgets every minute must not begin anew every minute.

import t from 'tap'
import { added, at, deleted, modified, pod, RememberingEpoch, timelineOf } from './build.ts'

t.test('where nothing was to forget nothing begins anew', async t => {
  const timeline = timelineOf([added(10, pod({ uid: 'a', ips: ['10.0.0.1'] }))])
  const { epoch } = timeline.viewAt(at(2000))
  for (let time = 1000; time < 1900; time += 10) {
    timeline.forget(at(time))
    t.equal(timeline.viewAt(at(2000)).epoch, epoch)
  }
})

t.test('boundaries that are over are dropped all the same, at times', async t => {
  const timeline = timelineOf([added(10, pod({ uid: 'a', ips: ['10.0.0.1'] }))])
  for (let time = 1000; time < 9000; time += 10) {
    timeline.forget(at(time))
    timeline.viewAt(at(10_000))
  }
  t.ok(timeline.size().boundaries < 200, `${timeline.size().boundaries}`)
})

t.test('what is in force goes on where something has gone', async t => {
  const kept = pod({ uid: 'a', ips: ['10.0.0.1'] })
  const events = [
    added(10, kept),
    added(20, pod({ uid: 'b', ips: ['10.0.0.2'] })),
    modified(40, pod({ uid: 'c', labels: { app: 'old' }, ips: ['10.0.0.3'] })),
    deleted(60, pod({ uid: 'b', ips: ['10.0.0.2'] })),
    modified(70, pod({ uid: 'c', labels: { app: 'new' }, ips: ['10.0.0.3'] })),
  ]
  const timeline = timelineOf(events)
  t.match(timeline.viewAt(at(50)).epoch.print(), '"Pod b"')
  const { compiled } = RememberingEpoch
  timeline.forget(at(500))
  t.equal(timeline.size().objects, 3)
  const after = timeline.viewAt(at(1000)).epoch.print()
  t.equal(RememberingEpoch.compiled, compiled, 'the state of before was moved, not made anew')
  t.equal(after, timelineOf(events).viewAt(at(1000)).epoch.print())
  t.notMatch(after, '"Pod b"')
})
