import t from 'tap'
import type { Observed, TimelineEvent } from '../../agent/timeline/index.ts'
import {
  added,
  at,
  beginning,
  deleted,
  modified,
  node,
  ownerAt,
  pod,
  printOwner,
  relist,
  timelineOf,
} from './build.ts'

const ip = '10.244.1.5'
const range = node('w1', ['192.168.0.1'], ['10.244.0.0/16'])

interface Row {
  readonly title: string
  readonly events: readonly TimelineEvent[]
  readonly objects?: readonly Observed[]
  readonly address?: string
  /** Seconds -> owner. */
  readonly answers: readonly (readonly [number, string])[]
}

const nobody = 'unknown [peer-unresolved]'

const born: TimelineEvent[] = [
  added(20, pod({ uid: 'a', created: 20 })),
  modified(25, pod({ uid: 'a', created: 20, started: 22, ips: [ip] })),
]

const rows: Row[] = [
  {
    title:
      'an address is certain from the first sight of it, and a candidate from a second before the start time',
    events: born,
    answers: [
      [20.9, nobody],
      [21, 'candidates a [pod-starting]'],
      [24.9, 'candidates a [pod-starting]'],
      [25, 'certain a'],
      [9999, 'certain a'],
    ],
  },
  {
    title: 'without a start time the creation time counts',
    events: [added(20, pod({ uid: 'a', created: 19, ips: [ip] }))],
    answers: [
      [17.9, nobody],
      [18, 'candidates a [pod-starting]'],
      [20, 'certain a'],
    ],
  },
  {
    title: 'without API times the watch may be 5 s late',
    events: [added(20, pod({ uid: 'a', ips: [ip] }))],
    answers: [
      [14.9, nobody],
      [15, 'candidates a [pod-starting]'],
      [20, 'certain a'],
    ],
  },
  {
    title: 'a start time in the future is a wrong clock: the first sight of the pod counts',
    events: [added(20, pod({ uid: 'a' })), modified(30, pod({ uid: 'a', started: 110, ips: [ip] }))],
    answers: [
      [14, nobody],
      [16, 'candidates a [pod-starting]'],
      [30, 'certain a'],
    ],
  },
  {
    title: 'deletion is in doubt from a second before its request until DELETED',
    events: [
      ...born,
      modified(41, pod({ uid: 'a', started: 22, ips: [ip], deleting: 40 })),
      deleted(70, pod({ uid: 'a', started: 22, ips: [ip], deleting: 40 })),
    ],
    answers: [
      [38.9, 'certain a'],
      [39, 'candidates a [pod-terminating]'],
      [69.9, 'candidates a [pod-terminating]'],
      [70, nobody],
    ],
  },
  {
    title: 'a deletion request dated in the future is a wrong clock: it may be 5 s old when it is seen',
    events: [...born, modified(41, pod({ uid: 'a', started: 22, ips: [ip], deleting: 130 }))],
    answers: [
      [35.9, 'certain a'],
      [36, 'candidates a [pod-terminating]'],
    ],
  },
  {
    title: 'a deletion without warning may be 5 s old when it is seen',
    events: [...born, deleted(60, pod({ uid: 'a', ips: [ip] }))],
    answers: [
      [54.9, 'certain a'],
      [55, 'candidates a [pod-terminating]'],
      [60, nobody],
    ],
  },
  {
    title: 'a finished pod owns no address, from the end of its last container on (S60)',
    events: [
      ...born,
      modified(50, pod({ uid: 'a', started: 22, ips: [ip], phase: 'Succeeded', finished: 48 })),
    ],
    answers: [
      [46.9, 'certain a'],
      [47, 'candidates a [pod-terminating]'],
      [50, nobody],
      [9999, nobody],
    ],
  },
  {
    title: 'the address of a finished pod belongs to its next owner',
    events: [
      ...born,
      modified(50, pod({ uid: 'a', started: 22, ips: [ip], phase: 'Succeeded', finished: 48 })),
      added(60, pod({ uid: 'b', created: 60, started: 60, ips: [ip] })),
    ],
    answers: [
      [55, nobody],
      [59.5, 'candidates b [pod-starting]'],
      [60, 'certain b'],
    ],
  },
  {
    title: 'reuse: where both may have it, both are candidates, the later one first',
    events: [
      ...born,
      modified(41, pod({ uid: 'a', started: 22, ips: [ip], deleting: 40 })),
      modified(50, pod({ uid: 'b', created: 43, started: 44, ips: [ip] })),
      deleted(70, pod({ uid: 'a', ips: [ip], deleting: 40 })),
    ],
    answers: [
      [42, 'candidates a [pod-terminating]'],
      [43, 'candidates b,a [address-reused]'],
      [49.9, 'candidates b,a [address-reused]'],
      [50, 'certain b'],
    ],
  },
  {
    title: 'DELETED of the old pod after ADDED of the new one does not remove the new one',
    events: [
      ...born,
      added(50, pod({ uid: 'b', name: 'other', created: 49, started: 49, ips: [ip] })),
      deleted(52, pod({ uid: 'a', ips: [ip] })),
    ],
    answers: [
      [46.9, 'certain a'],
      [49, 'candidates b,a [address-reused]'],
      [50, 'certain b'],
      [53, 'certain b'],
    ],
  },
  {
    title: 'the same name with a new uid is another pod, even when its DELETED never comes',
    events: [
      added(20, pod({ uid: 'a', name: 'pg-0', started: 18, ips: [ip] })),
      added(50, pod({ uid: 'b', name: 'pg-0', created: 50 })),
      modified(55, pod({ uid: 'b', name: 'pg-0', started: 52, ips: ['10.244.1.9'] })),
      deleted(56, pod({ uid: 'a', name: 'pg-0', ips: [ip] })),
    ],
    answers: [
      [44, 'certain a'],
      [46, 'candidates a [pod-terminating]'],
      [50, nobody],
      [57, nobody],
    ],
  },
  {
    title: 'DELETED of the old uid after ADDED of the new one leaves the new pod of that name',
    address: '10.244.1.9',
    events: [
      added(20, pod({ uid: 'a', name: 'pg-0', started: 18, ips: [ip] })),
      added(50, pod({ uid: 'b', name: 'pg-0', created: 50, started: 50, ips: ['10.244.1.9'] })),
      deleted(51, pod({ uid: 'a', name: 'pg-0', ips: [ip] })),
    ],
    answers: [
      [52, 'certain b'],
      [9999, 'certain b'],
    ],
  },
  {
    title:
      'a living pod that changes its address: the old one ends, the new one begins, both in doubt for 5 s',
    events: [...born, modified(60, pod({ uid: 'a', started: 22, ips: ['10.244.1.9'] }))],
    answers: [
      [54, 'certain a'],
      [56, 'candidates a [pod-terminating]'],
      [60, nobody],
    ],
  },
  {
    title: 'the new address of a living pod',
    address: '10.244.1.9',
    events: [...born, modified(60, pod({ uid: 'a', started: 22, ips: ['10.244.1.9'] }))],
    answers: [
      [54, nobody],
      [56, 'candidates a [pod-starting]'],
      [60, 'certain a'],
    ],
  },
  {
    title: 'the second address of a dual-stack pod is its own as well',
    address: 'fd00:10:244:1::5',
    events: [added(20, pod({ uid: 'a', started: 20, ips: [ip, 'fd00:10:244:1::5'] }))],
    answers: [[21, 'certain a']],
  },
  {
    title: 'an address that vanishes and comes back is in doubt in between',
    events: [
      ...born,
      modified(50, pod({ uid: 'a', started: 22 })),
      modified(52, pod({ uid: 'a', started: 22, ips: [ip] })),
    ],
    answers: [
      [44, 'certain a'],
      [46, 'candidates a [pod-terminating]'],
      [51, 'candidates a [pod-starting]'],
      [52, 'certain a'],
    ],
  },
  {
    title: 'a host-network pod never owns the address of its node',
    address: '192.168.0.1',
    events: [added(20, pod({ uid: 'a', started: 20, ips: ['192.168.0.1'], hostNetwork: true, node: 'w1' }))],
    answers: [[21, 'node w1']],
  },
  {
    title: 'a pod that a relist does not bring back went somewhere in the gap, or had finished before it',
    events: [...born, relist(100, 'Pod', 80)],
    answers: [
      [74.9, 'certain a'],
      [75, 'candidates a [sync-gap]'],
      [99.9, 'candidates a [sync-gap]'],
      [100, nobody],
    ],
  },
  {
    title: 'a pod that a relist brings anew came somewhere in the gap',
    events: [
      ...born,
      relist(100, 'Pod', 80),
      added(100, pod({ uid: 'a', started: 22, ips: [ip] })),
      added(100, pod({ uid: 'b', started: 60, ips: ['10.244.1.9'] })),
    ],
    address: '10.244.1.9',
    answers: [
      [79.9, nobody],
      [80, 'candidates b [sync-gap]'],
      [104.9, 'candidates b [sync-gap]'],
      [105, 'certain b'],
    ],
  },
  {
    title: 'a pod that a relist brings back may have had other labels meanwhile, and for the lag after',
    events: [
      ...born,
      relist(100, 'Pod', 80),
      added(100, pod({ uid: 'a', created: 20, started: 22, ips: [ip] })),
    ],
    answers: [
      [79.9, 'certain a'],
      [90, 'candidates a [sync-gap]'],
      [104.9, 'candidates a [sync-gap]'],
      [105, 'certain a'],
    ],
  },
  {
    title: 'a pod that a relist brings back in the same resource version was what it was all the time',
    events: [
      added(20, pod({ uid: 'a', created: 20, started: 20, ips: [ip], version: '7' })),
      relist(100, 'Pod', 80),
      added(100, pod({ uid: 'a', created: 20, started: 20, ips: [ip], version: '7' })),
    ],
    answers: [
      [90, 'certain a'],
      [101, 'certain a'],
    ],
  },
  {
    title: 'a relist that hides a delete and a reuse leaves two candidates in the gap',
    events: [...born, relist(100, 'Pod', 80), added(100, pod({ uid: 'b', started: 90, ips: [ip] }))],
    answers: [
      [85, 'candidates a [sync-gap]'],
      [95, 'candidates b,a [address-reused sync-gap]'],
      [100, 'candidates b [sync-gap]'],
      [105, 'certain b'],
    ],
  },
  {
    title: 'two living pods that claim one address are both candidates',
    events: [],
    objects: [pod({ uid: 'a', ips: [ip] }), pod({ uid: 'b', ips: [ip] })],
    answers: [[50, 'candidates a,b [address-reused]']],
  },
  {
    title: 'a terminating pod of a manifest holds for all time (S59), a finished one owns nothing',
    events: [],
    objects: [pod({ uid: 'a', ips: [ip], deleting: 40 }), pod({ uid: 'b', ips: [ip], phase: 'Failed' })],
    answers: [[9999, 'certain a']],
  },
  {
    title: 'the address of a finished pod is unknown, never external, even outside every podCIDR',
    address: '172.30.0.9',
    events: [],
    objects: [pod({ uid: 'b', ips: ['172.30.0.9'], phase: 'Succeeded' })],
    answers: [[1, nobody]],
  },
  {
    title: 'a pod whose ADDED went missing was there before, and other pods may have gone missing too',
    events: [modified(30, pod({ uid: 'a', started: 10, ips: [ip] }))],
    answers: [
      [8, 'unknown [peer-unresolved sync-gap]'],
      [29, 'candidates a [before-timeline]'],
      [30, 'certain a'],
    ],
  },
  {
    title: 'an address outside is external',
    address: '203.0.113.9',
    events: born,
    answers: [[30, 'external']],
  },
  {
    title: 'in the gap of a relist an unknown address may have been a pod that nobody saw',
    address: '203.0.113.9',
    events: [...born, relist(100, 'Pod', 80)],
    answers: [
      [79, 'external'],
      [90, 'external [sync-gap]'],
    ],
  },
]

t.test('owner() says who had an address, and how sure that is', async t => {
  for (const { title, events, objects = [], address = ip, answers } of rows) {
    const timeline = timelineOf([...beginning(), ...events], [range, ...objects])
    for (const [when, expected] of answers)
      t.equal(printOwner(ownerAt(timeline, address, when)), expected, `${title}: ${when}`)
  }
})

t.test('the initial list existed before, and is never certain before it was listed', async t => {
  const timeline = timelineOf(
    [
      added(100, pod({ uid: 'a', started: 60, ips: [ip] })),
      added(200, pod({ uid: 'b', started: 199, ips: ['10.244.1.9'] })),
    ],
    [range],
  )
  t.equal(printOwner(ownerAt(timeline, ip, 58)), 'unknown [peer-unresolved before-timeline]')
  t.equal(printOwner(ownerAt(timeline, ip, 99)), 'candidates a [before-timeline]')
  t.equal(printOwner(ownerAt(timeline, ip, 100)), 'certain a')
  t.equal(printOwner(ownerAt(timeline, '10.244.1.9', 150)), nobody, 'a later ADDED is a creation')
  t.equal(
    printOwner(ownerAt(timeline, '203.0.113.9', 50)),
    'external [before-timeline]',
    'a pod that went before the list is not known',
  )
})

t.test('a pod of the initial list without a start time may always have been there', async t => {
  const timeline = timelineOf([added(100, pod({ uid: 'a', ips: [ip] }))], [range])
  t.equal(printOwner(ownerAt(timeline, ip, -1e6)), 'candidates a [before-timeline]')
})

t.test('a stamp of whole seconds is certain only if the whole second is', async t => {
  const timeline = timelineOf(
    [...beginning(), ...born, deleted(60.5, pod({ uid: 'a', ips: [ip], deleting: 60 }))],
    [range],
  )
  t.equal(printOwner(ownerAt(timeline, ip, 58, 1_000_000)), 'certain a')
  t.equal(printOwner(ownerAt(timeline, ip, 59.5, 1_000_000)), 'candidates a [pod-terminating]')
  t.equal(
    printOwner(ownerAt(timeline, ip, 60, 1_000_000)),
    'candidates a [pod-terminating]',
    'gone at the end of the second',
  )
  t.equal(printOwner(ownerAt(timeline, ip, 24, 1_000_000)), 'candidates a [pod-starting]')
  t.equal(printOwner(ownerAt(timeline, ip, 25, 1_000_000)), 'certain a')
})

t.test('a pod goes on from its manifest, with or without its uid', async t => {
  const events = [
    ...beginning(10),
    modified(50, pod({ uid: 'u1', name: 'pg-0', ips: [ip], labels: { app: 'b' } })),
    deleted(90, pod({ uid: 'u1', name: 'pg-0', ips: [ip], deleting: 85 })),
  ]
  const timeline = timelineOf(events, [range, pod({ name: 'pg-0', ips: [ip] })])
  t.equal(printOwner(ownerAt(timeline, ip, 40)), 'certain shop/pg-0')
  t.equal(printOwner(ownerAt(timeline, ip, 60)), 'certain u1')
  t.equal(printOwner(ownerAt(timeline, ip, 86)), 'candidates u1 [pod-terminating]')
  t.equal(printOwner(ownerAt(timeline, ip, 91)), nobody)
})

t.test('a pod that the timeline creates was not there before, whatever the manifest says', async t => {
  const timeline = timelineOf(
    [...beginning(10), added(50, pod({ uid: 'u1', name: 'pg-0', started: 49, ips: [ip] }))],
    [range, pod({ uid: 'u1', name: 'pg-0', ips: [ip] })],
  )
  t.equal(printOwner(ownerAt(timeline, ip, 40)), nobody)
  t.equal(printOwner(ownerAt(timeline, ip, 51)), 'certain u1')
})

t.test('one that comes again under its name without a uid has two lives', async t => {
  const events = [
    ...beginning(),
    added(20, pod({ name: 'x', started: 20, ips: [ip] })),
    deleted(40, pod({ name: 'x', deleting: 38 })),
    added(60, pod({ name: 'x', started: 60, ips: [ip] })),
  ]
  const timeline = timelineOf(events, [range])
  t.equal(printOwner(ownerAt(timeline, ip, 30)), 'certain shop/x')
  t.equal(printOwner(ownerAt(timeline, ip, 50)), nobody)
  t.equal(printOwner(ownerAt(timeline, ip, 61)), 'certain shop/x')
})

t.test('a node has its addresses while it is there, and those that its pods name', async t => {
  const timeline = timelineOf(
    [
      ...beginning(),
      added(20, node('w2', ['192.168.0.2'])),
      deleted(50, node('w2', ['192.168.0.2'])),
      added(60, pod({ uid: 'a', ips: [ip], hostIPs: ['192.168.0.7'], node: 'w7' })),
    ],
    [range],
  )
  t.equal(printOwner(ownerAt(timeline, '192.168.0.2', 19)), 'external')
  t.equal(printOwner(ownerAt(timeline, '192.168.0.2', 30)), 'node w2')
  t.equal(printOwner(ownerAt(timeline, '192.168.0.2', 51)), 'external')
  t.equal(printOwner(ownerAt(timeline, '192.168.0.7', 61)), 'node w7')
})

t.test('the watch of pods is silent: what it last said may be over', async t => {
  const timeline = timelineOf([...beginning(), ...born], [range])
  timeline.apply({ type: 'LOST', at: at(100), api: 'Pod' })
  t.equal(printOwner(ownerAt(timeline, ip, 99)), 'certain a')
  t.equal(printOwner(ownerAt(timeline, ip, 101)), 'candidates a [sync-gap]')
  timeline.apply(relist(200, 'Pod'))
  timeline.apply(added(200, pod({ uid: 'a', created: 20, started: 22, ips: [ip] })))
  t.equal(printOwner(ownerAt(timeline, ip, 101)), 'candidates a [sync-gap]', 'its labels may have changed')
  t.equal(printOwner(ownerAt(timeline, ip, 205)), 'certain a')
  t.equal(printOwner(ownerAt(timeline, '203.0.113.9', 150)), 'external [sync-gap]')
  t.equal(printOwner(ownerAt(timeline, '203.0.113.9', 201)), 'external')
})

t.test('a relist may come in pieces', async t => {
  const timeline = timelineOf(
    [...beginning(), ...born, added(30, pod({ uid: 'b', started: 30, ips: ['10.244.1.9'] }))],
    [range],
  )
  timeline.apply(relist(100, 'Pod', 80))
  t.equal(printOwner(ownerAt(timeline, ip, 79)), 'candidates a [sync-gap]')
  timeline.apply(added(100, pod({ uid: 'a', created: 20, started: 22, ips: [ip] })))
  t.equal(printOwner(ownerAt(timeline, ip, 79)), 'certain a')
  t.equal(printOwner(ownerAt(timeline, '10.244.1.9', 79)), 'candidates b [sync-gap]')
})

t.test('owner() gives the pod object of the epoch, and since when it has been certain', async t => {
  const timeline = timelineOf([...beginning(), ...born], [range])
  const view = timeline.viewAt(at(30))
  const owner = ownerAt(timeline, ip, 30)
  t.equal(view.epoch.objects.get('Pod a'), owner.pod)
  t.equal(owner.since, at(25))
  const fringe = timeline.viewAt(at(22))
  t.equal(
    fringe.epoch.objects.get('Pod a'),
    ownerAt(timeline, ip, 22).pod,
    'also before the address was seen',
  )
})
