import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import {
  added,
  at,
  beginning,
  deleted,
  modified,
  namespace,
  node,
  ownerAt,
  pod,
  policy,
  printOwner,
  RememberingEpoch,
  relist,
  service,
  timelineOf,
} from './build.ts'

const ip = '10.244.1.5'

t.test('manifests alone are one view for all time, and everything in it is certain', async t => {
  const timeline = timelineOf([], [namespace('shop'), policy('p', 1), pod({ uid: 'a', ips: [ip] })])
  const view = timeline.viewAt(at(0))
  t.strictSame([view.from, view.to, view.certainty, view.unsure], [-Infinity, Infinity, 'certain', []])
  t.equal(timeline.viewAt(at(1e6), 1_000_000), view)
  t.equal(timeline.viewAt(Infinity), view)
  const unknown = timeline.viewAt(Number.NaN)
  t.strictSame([unknown.certainty, unknown.unsure, unknown.past.length], ['certain', [], 0])
  t.equal(printOwner(unknown.owner(parseAddress(ip)!, 0)), 'certain a')
  t.equal(unknown.epoch, view.epoch)
})

t.test('a namespace that is only mentioned exists, until its own event says more', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(10, pod({ uid: 'a', ns: 'new' })),
    added(11, namespace('new', { team: 'x' })),
  ])
  const labels = { 'kubernetes.io/metadata.name': 'new', team: 'x' }
  t.match(
    timeline.viewAt(at(10.5)).epoch.objects.get('Namespace new'),
    { labels },
    'watches are not ordered with each other',
  )
  t.equal(timeline.changes().length, 0)
  const fixed = timelineOf([], [policy('p', 1)])
  t.strictSame(fixed.viewAt(0).epoch.objects.get('Namespace shop'), {
    name: 'shop',
    labels: { 'kubernetes.io/metadata.name': 'shop' },
  })
})

t.test(
  'before the first event nothing is certain, and more than the history before it nothing is known',
  async t => {
    const timeline = timelineOf([...beginning(1000)], [policy('p', 1)])
    const sure = (when: number) => [timeline.viewAt(at(when)).certainty, timeline.viewAt(at(when)).unsure]
    t.strictSame(sure(1000), ['certain', []])
    t.strictSame(sure(999.9), ['candidates', ['before-timeline']])
    t.strictSame(sure(100), ['candidates', ['before-timeline']])
    t.strictSame(sure(99.9), ['unknown', ['before-timeline', 'too-old']])
  },
)

t.test('before the list of policies nothing is certain either', async t => {
  const timeline = timelineOf([added(10, pod({ uid: 'a', ips: [ip] })), added(50, policy('p', 1))])
  t.strictSame(timeline.viewAt(at(30)).unsure, ['before-timeline'])
  t.strictSame(timeline.viewAt(at(50)).unsure, [])
})

t.test('who watches knew the manifests before the first event came that goes on from them', async t => {
  const timeline = timelineOf([], [policy('p', 1)])
  timeline.apply(modified(100, policy('p', 2)))
  timeline.apply(modified(110, policy('p', 3)))
  t.equal(timeline.viewAt(at(50)).certainty, 'certain')
  t.strictSame(timeline.viewAt(at(50)).epoch.policies(), ['p@1'])
})

t.test('a view is the same object for every time in it, and another across a boundary', async t => {
  const timeline = timelineOf([...beginning(), added(10, policy('p', 1)), added(100, policy('q', 1))])
  const view = timeline.viewAt(at(20))
  t.strictSame([view.from, view.to], [at(15), at(95)])
  t.equal(timeline.viewAt(at(94)), view)
  t.not(timeline.viewAt(at(96)), view, 'the change may have been written by then')
  t.not(timeline.viewAt(at(100)), view)
  t.equal(timeline.viewAt(at(50)), view, 'found again')
  t.not(timeline.viewAt(at(100)).id, view.id)
})

t.test('an unknown time is certain only about what never changed', async t => {
  const timeline = timelineOf(
    [...beginning(), added(10, pod({ uid: 'a', ips: [ip] }))],
    [pod({ uid: 'b', ips: ['10.244.1.6'] })],
  )
  const view = timeline.viewAt(Number.NaN)
  t.strictSame([view.certainty, view.unsure], ['candidates', ['clock-uncertain']])
  t.equal(printOwner(view.owner(parseAddress(ip)!, 0)), 'candidates a [pod-starting]')
  t.equal(printOwner(view.owner(parseAddress('10.244.1.6')!, 0)), 'certain b')
})

t.test(
  'while a clock was stepped no time is certain, nor as far around it as anything can be late',
  async t => {
    const timeline = timelineOf(beginning())
    timeline.doubtClock(at(20), at(22))
    t.strictSame(timeline.viewAt(at(21)).unsure, ['clock-uncertain'])
    t.strictSame(timeline.viewAt(at(27)).unsure, [])
    t.strictSame(timeline.viewAt(at(26.9)).unsure, ['clock-uncertain'])
    t.strictSame(timeline.viewAt(at(14.9)).unsure, [])
    t.strictSame(timeline.viewAt(at(14.5), 1_000_000).unsure, ['clock-uncertain'])
  },
)

t.test('apply() changes the past where it has to, and gives a new view', async t => {
  const timeline = timelineOf(
    [...beginning(), added(10, pod({ uid: 'a', started: 10, ips: [ip] }))],
    [node('w', [], ['10.244.0.0/16'])],
  )
  const before = timeline.viewAt(at(50))
  t.equal(printOwner(ownerAt(timeline, ip, 50)), 'certain a')
  timeline.apply(deleted(60, pod({ uid: 'a', ips: [ip], deleting: 45 })))
  t.not(timeline.viewAt(at(50)), before)
  t.equal(printOwner(ownerAt(timeline, ip, 50)), 'candidates a [pod-terminating]')
  t.equal(printOwner(ownerAt(timeline, ip, 44)), 'certain a')
})

t.test('epochs are moved, not made: a timeline of many events compiles once', async t => {
  const edits = Array.from({ length: 200 }, (_, i) => modified(100 + 10 * i, policy('p', i + 2)))
  const crowd = Array.from({ length: 400 }, (_, i) => pod({ uid: `x${i}` }))
  const timeline = timelineOf([...beginning(), added(50, policy('p', 1)), ...edits], crowd)
  const compiled = RememberingEpoch.compiled
  for (let i = 0; i < 200; i++)
    t.strictSame(timeline.viewAt(at(107 + 10 * i)).epoch.policies(), [`p@${i + 2}`])
  for (let i = 199; i >= 0; i -= 7)
    t.strictSame(timeline.viewAt(at(107 + 10 * i)).epoch.policies(), [`p@${i + 2}`])
  t.equal(RememberingEpoch.compiled - compiled, 1)
})

t.test('the same state is the same epoch', async t => {
  const timeline = timelineOf([...beginning(), added(10, policy('p', 1)), added(100, service({ name: 's' }))])
  t.equal(timeline.viewAt(at(12)).epoch, timeline.viewAt(at(50)).epoch, 'only the lag ended')
  t.equal(timeline.viewAt(at(150)).epoch, timeline.viewAt(at(50)).epoch, 'a Service is no part of it')
})

t.test('a state that became another one is given anew', async t => {
  const timeline = timelineOf([...beginning(), added(10, policy('p', 1))])
  t.strictSame(timeline.viewAt(at(90)).epoch.policies(), ['p@1'])
  timeline.apply(modified(80, policy('p', 2)))
  t.strictSame(timeline.viewAt(at(90)).epoch.policies(), ['p@2'])
  t.strictSame(timeline.viewAt(at(79)).epoch.policies(), ['p@1'])
})

t.test('world() is the state as plain objects', async t => {
  const timeline = timelineOf(
    [...beginning(), added(10, policy('p', 1)), added(20, node('w', []))],
    [pod({ uid: 'a' })],
  )
  const { pods, nodes, policies, namespaces } = timeline.viewAt(at(15)).world()
  t.strictSame(
    [pods.length, nodes.length, policies.length, namespaces.map(each => each.name)],
    [1, 0, 1, ['shop']],
  )
})

t.test('forget() drops what ended, keeps what is in force, and says so of older times', async t => {
  const timeline = timelineOf([
    ...beginning(),
    ...[added(10, policy('p', 1)), modified(20, policy('p', 2)), modified(500, policy('p', 3))],
    ...[added(10, pod({ uid: 'a', started: 9, ips: [ip] })), deleted(50, pod({ uid: 'a', deleting: 40 }))],
    ...[added(60, pod({ uid: 'b', started: 60, ips: [ip] }))],
    ...[relist(100, 'NetworkPolicy', 90), added(100, policy('p', 2))],
  ])
  const before = timeline.size()
  t.strictSame(timeline.viewAt(at(400)).epoch.policies(), ['p@2'])
  timeline.forget(at(300))
  t.ok(timeline.size().objects < before.objects && timeline.size().boundaries < before.boundaries)
  t.strictSame(
    [timeline.viewAt(at(299)).certainty, timeline.viewAt(at(299)).unsure],
    ['unknown', ['too-old']],
  )
  t.equal(timeline.viewAt(at(300)).certainty, 'certain')
  t.equal(printOwner(ownerAt(timeline, ip, 300)), 'certain b')
  t.strictSame(timeline.viewAt(at(300)).epoch.policies(), ['p@2'])
  t.strictSame(
    timeline.viewAt(at(501)).past.map(each => each.epoch.policies()),
    [['p@2']],
  )
  t.strictSame(
    timeline.changes().map(each => each.generation),
    [{ from: 2, to: 3 }],
  )
  timeline.forget(at(200))
  t.equal(timeline.viewAt(at(250)).certainty, 'unknown', 'the horizon does not come back')
  timeline.apply(deleted(600, policy('p', 3)))
  t.strictSame(timeline.viewAt(at(700)).epoch.policies(), [])
})

t.test('service() finds the Service of an address and port, and the pods behind it', async t => {
  const labels = { app: 'dns' }
  const ports = [{ name: 'dns', port: 5353, protocol: 'UDP' as const }]
  const timeline = timelineOf(
    [...beginning(), added(50, pod({ uid: 'c', started: 50, ips: ['10.244.1.7'], labels, ports }))],
    [
      node('w', ['192.168.0.1']),
      pod({ uid: 'a', ips: [ip], labels, ports }),
      pod({ uid: 'b', ips: ['10.244.1.6'], labels: { app: 'web' } }),
      pod({ uid: 'd', ns: 'other', ips: ['10.244.1.8'], labels, ports }),
      service({
        name: 'kube-dns',
        clusterIPs: ['10.96.0.10'],
        externalIPs: ['203.0.113.5'],
        selector: labels,
        ports: [
          { port: 53, targetPort: 'dns', protocol: 'UDP', nodePort: 30053 },
          { port: 53, targetPort: 53, protocol: 'TCP' },
        ],
      }),
    ],
  )
  const ask = (address: string, port: number, proto: number, when = 10) => {
    const match = timeline.viewAt(at(when)).service(parseAddress(address)!, 0, port, proto)
    return match && `${match.ns}/${match.name} ${match.backends.map(each => `${each.pod.uid}:${each.port}`)}`
  }
  t.equal(ask('10.96.0.10', 53, 17), 'shop/kube-dns a:5353')
  t.equal(ask('10.96.0.10', 53, 17, 51), 'shop/kube-dns a:5353,c:5353')
  t.equal(ask('10.96.0.10', 53, 6), 'shop/kube-dns a:53')
  t.equal(ask('203.0.113.5', 53, 17), 'shop/kube-dns a:5353')
  t.equal(ask('192.168.0.1', 30053, 17), 'shop/kube-dns a:5353')
  t.equal(ask('192.168.0.2', 30053, 17), undefined, 'no node')
  t.equal(ask('10.96.0.10', 54, 17), undefined)
  t.equal(ask('10.96.0.11', 53, 17), undefined)
  t.equal(printOwner(ownerAt(timeline, '10.96.0.10', 10)), 'service shop/kube-dns')
})

t.test('a Service that went is no owner any more', async t => {
  const dns = service({ name: 'dns', clusterIPs: ['10.96.0.10'] })
  const timeline = timelineOf([...beginning(), added(10, dns), deleted(20, dns)])
  t.equal(printOwner(ownerAt(timeline, '10.96.0.10', 15)), 'service shop/dns')
  t.equal(printOwner(ownerAt(timeline, '10.96.0.10', 21)), 'external')
})

t.test('the pods of a namespace are those that had an address from the view to a later time', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(10, pod({ uid: 'b', ips: ['10.244.1.6'] })),
    added(10, pod({ uid: 'a', ips: [ip] })),
    added(10, pod({ uid: 'other', ns: 'data', ips: ['10.244.1.7'] })),
    added(10, pod({ uid: 'host', ips: ['10.0.0.1'], hostNetwork: true })),
    deleted(100, pod({ uid: 'b', ips: ['10.244.1.6'] })),
    added(200, pod({ uid: 'c', ips: ['10.244.1.8'] })),
  ])
  const pods = (when: number, until: number) =>
    timeline
      .viewAt(at(when))
      .podsIn('shop', at(until))
      .map(each => each.uid)
  t.strictSame(pods(50, 60), ['a', 'b'])
  t.strictSame(pods(150, 160), ['a'])
  t.strictSame(pods(150, 210), ['a', 'c'])
  t.strictSame(pods(50, 210), ['a', 'b', 'c'])
  t.strictSame(timeline.viewAt(at(50)).podsIn('shop', Number.NaN).length, 2)
})

t.test(
  'where nobody tells of pods and no node is known, no address is outside, and no answer certain',
  async t => {
    const lost = ['Pod', 'NetworkPolicy', 'Namespace'].map(api => ({ type: 'LOST', at: 0, api }) as const)
    const view = timelineOf(lost).viewAt(at(1000))
    t.match(view.owner(parseAddress(ip)!, 0), { kind: 'unknown', certainty: 'unknown' })
    t.match(view.owner(parseAddress('203.0.113.9')!, 0), { kind: 'unknown' })
    t.not(view.certainty, 'certain')
    const known = timelineOf([added(1, node('w1', ['10.244.1.0/24'])), ...lost]).viewAt(at(1000))
    t.match(known.owner(parseAddress('203.0.113.9')!, 0), { kind: 'external' }, 'a node tells where pods are')
  },
)
