// The tests that decide, by the names that shared/kubernetes/TIMELINE.md section 5 gives them. Three more are elsewhere: log lines
// without year, and over a change of summer time (test/command/clocks.test.ts), the line before the watch (test/agent.test.ts) and
// the property (test/time).

import t from 'tap'
import {
  added,
  at,
  beginning,
  deleted,
  modified,
  node,
  ownerAt,
  type PodWords,
  pod,
  policy,
  printOwner,
  relist,
  type TestTimeline,
  timelineOf,
} from './build.ts'

const ip = '10.244.1.5'
const range = node('w1', ['192.168.0.1'], ['10.244.0.0/16'])

/** Who had the address in truth: in seconds, half-open. */
type Tenants = readonly (readonly [uid: string, from: number, to: number])[]

/** Whenever the timeline is certain it is true; gives the uids that it was certain of, with how long, in seconds. */
function certainTimes(timeline: TestTimeline, tenants: Tenants, address = ip): Record<string, number> {
  const times: Record<string, number> = {}
  for (let when = 10; when < 120; when += 0.05) {
    const owner = ownerAt(timeline, address, when)
    if (owner.certainty !== 'certain') continue
    const real = tenants.find(([, from, to]) => from <= when && when < to)?.[0]
    if (owner.pod?.uid !== real) throw new Error(`${when}: ${printOwner(owner)}, in truth ${real}`)
    times[real!] = (times[real!] ?? 0) + 0.05
  }
  return times
}

const [old, next] = ['a', 'b'].map(
  uid =>
    (words: Partial<PodWords> = {}) =>
      pod({ uid, ns: `ns-${uid}`, ...words }),
)

t.test('IP reuse across namespaces with gaps of 0, 0.5 and 2 s and watch delays of 0, 1 and 5 s', async t => {
  for (const gap of [0, 0.5, 2])
    for (const delay of [0, 1, 5])
      for (const skew of [0, 90, -90]) {
        const [ends, begins] = [40, 40 + gap]
        const stamp = (real: number) => real + skew
        const running = { ips: [ip], created: stamp(18), started: stamp(19) }
        const ending = { ...running, deleting: stamp(38.5) }
        // A kubelet's status comes 0.4 s after what it tells of.
        const events = [
          ...beginning(),
          added(18 + delay, old!({ created: stamp(18) })),
          modified(20.4 + delay, old!(running)),
          added(37 + delay, next!({ created: stamp(37) })),
          modified(38.5 + delay, old!(ending)),
          deleted(40.2 + delay, old!(ending)),
          modified(begins + 0.4 + delay, next!({ ips: [ip], created: stamp(37), started: stamp(38) })),
        ].sort((a, b) => a.at - b.at)
        const title = `gap ${gap}, delay ${delay}, API clock ${skew}`
        const times = certainTimes(timelineOf(events, [range]), [
          ['a', 20, ends],
          ['b', begins, Number.POSITIVE_INFINITY],
        ])
        t.ok(times.a! >= 38.5 - 20.4 - delay - 5, `${title}: the old one for ${times.a} s`)
        t.ok(times.b! >= 120 - begins - 0.5 - delay, `${title}: the new one for ${times.b} s`)
      }
})

t.test('DELETE(old) after ADD(new)', async t => {
  const timeline = timelineOf(
    [
      ...beginning(),
      added(20, old!({ ips: [ip], started: 19 })),
      added(52, next!({ ips: [ip], created: 50, started: 50 })),
      deleted(54, old!({ ips: [ip] })),
    ],
    [range],
  )
  const times = certainTimes(timeline, [
    ['a', 19, 49.5],
    ['b', 50.5, Number.POSITIVE_INFINITY],
  ])
  t.ok(times.a! > 28 && times.b! > 67)
  t.equal(printOwner(ownerAt(timeline, ip, 53)), 'certain b')
})

t.test('a completed job keeps its IP', async t => {
  const job = { ips: [ip], started: 19, phase: 'Succeeded' as const, finished: 30 }
  const events = [
    ...beginning(),
    added(20, old!({ ips: [ip], started: 19 })),
    modified(31, old!(job)),
    added(35, next!({ ips: [ip], created: 34, started: 34 })),
    modified(90, old!({ ...job, labels: { seen: 'again' } })),
  ]
  const times = certainTimes(timelineOf(events, [range]), [
    ['a', 19, 30.2],
    ['b', 34.5, Number.POSITIVE_INFINITY],
  ])
  t.ok(times.b! > 84, 'what the job still claims disturbs nobody')
})

t.test('the same name with a new UID', async t => {
  const events = [
    ...beginning(),
    added(20, pod({ uid: 'a', name: 'pg-0', started: 19, ips: [ip] })),
    modified(39, pod({ uid: 'a', name: 'pg-0', started: 19, ips: [ip], deleting: 38 })),
    deleted(41, pod({ uid: 'a', name: 'pg-0', ips: [ip], deleting: 38 })),
    added(42, pod({ uid: 'b', name: 'pg-0', created: 41 })),
    modified(44, pod({ uid: 'b', name: 'pg-0', created: 41, started: 41, ips: [ip] })),
  ]
  const timeline = timelineOf(events, [range])
  const times = certainTimes(timeline, [
    ['a', 19, 40.5],
    ['b', 43, Number.POSITIVE_INFINITY],
  ])
  t.ok(times.a! > 16 && times.b! > 75)
})

t.test('an IP change within one UID', async t => {
  const other = '10.244.1.9'
  const timeline = timelineOf(
    [
      ...beginning(),
      added(20, old!({ ips: [ip], started: 19 })),
      modified(61, old!({ ips: [other], started: 19 })),
    ],
    [range],
  )
  const before = certainTimes(timeline, [['a', 19, 59]])
  const after = certainTimes(timeline, [['a', 60, Number.POSITIVE_INFINITY]], other)
  t.ok(before.a! > 35 && after.a! > 58)
})

t.test('a dual-stack secondary IP', async t => {
  const second = 'fd00:10:244:1::5'
  const both = [ip, second]
  const timeline = timelineOf([...beginning(), added(20, old!({ ips: both, started: 19 }))], [range])
  for (const address of both)
    t.ok(certainTimes(timeline, [['a', 19, Number.POSITIVE_INFINITY]], address).a! > 99, address)
})

t.test('a relist hiding a delete, and hiding a delete and a reuse', async t => {
  const events = [...beginning(), added(20, old!({ ips: [ip], started: 19 })), relist(80, 'Pod', 60)]
  const gone = timelineOf(events, [range])
  t.ok(certainTimes(gone, [['a', 19, 61]]).a! > 34)
  t.equal(printOwner(ownerAt(gone, ip, 70)), 'candidates a [sync-gap]')
  const reused = timelineOf([...events, added(80, next!({ ips: [ip], started: 70 }))], [range])
  const times = certainTimes(reused, [
    ['a', 19, 61],
    ['b', 71, Number.POSITIVE_INFINITY],
  ])
  t.ok(times.b! > 34)
})

/** The states that the data plane may have had, the node's own first. */
function states(timeline: TestTimeline, when: number, precision?: number): string[] {
  const possible = timeline.viewAt(at(when), precision).possible(() => true) ?? []
  return possible.map(({ epoch }) => epoch.policies().join())
}

t.test('a policy flip-flop 100 ms around the packet leaves all its states open', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(50, policy('p', 1)),
    modified(100, policy('p', 2, 2, { written: at(100) })),
    modified(100.1, policy('p', 3, 1, { written: at(100) })),
  ])
  t.strictSame(states(timeline, 98.9), ['p@1'])
  t.strictSame(states(timeline, 99.95), ['p@1', 'p@2', 'p@3'], 'written, and perhaps not told of yet')
  t.strictSame(states(timeline, 100.05), ['p@2', 'p@1', 'p@3'])
  t.strictSame(states(timeline, 100.15), ['p@3', 'p@2', 'p@1'])
  t.strictSame(states(timeline, 104.99), ['p@3', 'p@2', 'p@1'])
  t.strictSame(states(timeline, 105.05), ['p@3', 'p@2'])
  t.strictSame(states(timeline, 105.1), ['p@3'])
  t.strictSame(states(timeline, 105, 1_000_000), ['p@3', 'p@2'], 'a stamp of whole seconds')
})

t.test('a sweep of the lag L', async t => {
  for (const lag of [0, 0.5, 5, 60]) {
    const timeline = timelineOf(
      [...beginning(), added(50, policy('p', 1)), modified(200, policy('p', 2, 2, { written: at(200) }))],
      [],
      { lagMs: lag * 1000 },
    )
    t.strictSame(states(timeline, 190), ['p@1'], `L ${lag}`)
    if (lag > 0) t.strictSame(states(timeline, 200 + lag - 0.01), ['p@2', 'p@1'], `L ${lag}`)
    t.strictSame(states(timeline, 200 + lag), ['p@2'], `L ${lag}`)
  }
})

t.test('an NTP step of 2 s in either direction leaves no certain answer near it', async t => {
  for (const [step, from, to] of [
    ['forward', 100, 102],
    ['back', 98, 100],
  ] as const) {
    const timeline = timelineOf([...beginning(), added(20, old!({ ips: [ip], started: 19 }))], [range])
    timeline.doubtClock(at(from), at(to))
    for (const [when, expected] of [
      [from - 5.01, 'certain'],
      [from - 4.99, 'candidates'],
      [(from + to) / 2, 'candidates'],
      [to + 4.99, 'candidates'],
      [to + 5, 'certain'],
    ] as const)
      t.equal(timeline.viewAt(at(when)).certainty, expected, `${step}: ${when}`)
  }
})

t.test('an API clock that is 90 s off dates nothing', async t => {
  for (const skew of [90, -90]) {
    const timeline = timelineOf([
      ...beginning(),
      added(50, policy('p', 1, 1, { created: at(50 + skew) })),
      modified(200, policy('p', 2, 2, { written: at(200 + skew) })),
    ])
    t.strictSame(states(timeline, 194.9), ['p@1'], `${skew} s`)
    t.strictSame(states(timeline, 195), ['p@1', 'p@2'], `${skew} s`)
    t.strictSame(states(timeline, 204.9), ['p@2', 'p@1'], `${skew} s`)
  }
})

t.test('one stamp from the future shows that no stamp dates anything', async t => {
  const edits = [added(50, policy('p', 1)), modified(200, policy('p', 2, 2, { written: at(199) }))]
  t.strictSame(states(timelineOf([...beginning(), ...edits]), 196), ['p@1'])
  const ahead = added(300, policy('q', 1, 1, { created: at(302) }))
  t.strictSame(states(timelineOf([...beginning(), ...edits, ahead]), 196), ['p@1', 'p@2'])
})

t.test('a log file that comes 10 minutes late is judged by what was known of its own time', async t => {
  const timeline = timelineOf(
    [...beginning(), added(20, old!({ ips: [ip], started: 19 })), added(20, policy('p', 1))],
    [range],
  )
  timeline.apply(modified(99, old!({ ips: [ip], started: 19, deleting: 98 })))
  timeline.apply(deleted(101, old!({ ips: [ip], started: 19, deleting: 98 })))
  timeline.apply(added(120, next!({ ips: [ip], created: 118, started: 118 })))
  timeline.apply(modified(150, policy('p', 2)))
  timeline.forget(at(700 - 15 * 60))
  t.equal(printOwner(ownerAt(timeline, ip, 90)), 'certain a')
  t.strictSame(states(timeline, 90), ['p@1'])
  t.equal(printOwner(ownerAt(timeline, ip, 130)), 'certain b')
  timeline.forget(at(100))
  t.strictSame(timeline.viewAt(at(90)).unsure, ['too-old'])
  t.equal(timeline.viewAt(at(90)).certainty, 'unknown')
})
