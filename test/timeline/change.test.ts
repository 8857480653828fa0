import t from 'tap'
import type { TimelineEvent } from '../../agent/timeline/index.ts'
import {
  added,
  at,
  beginning,
  deleted,
  modified,
  namespace,
  pod,
  policy,
  relist,
  seconds,
  type TestTimeline,
  timelineOf,
} from './build.ts'

function print(timeline: TestTimeline): string[] {
  return timeline.changes().map(({ kind, key, op, generation, at, since, gap }) => {
    const known =
      Number.isNaN(generation.from) && Number.isNaN(generation.to)
        ? ''
        : ` ${generation.from}->${generation.to}`
    return `${kind} ${key} ${op}${known} in [${seconds(since)}, ${seconds(at)}]${gap ? ' gap' : ''}`
  })
}

/** The policies of the state, of the states before and of those that may come: `own | past… | ahead…`. */
function states(timeline: TestTimeline, when: number, precision?: number): string {
  const { epoch, past, ahead } = timeline.viewAt(at(when), precision)
  return [[epoch], past.map(each => each.epoch), ahead.map(each => each.epoch)]
    .map(list => list.map(each => each.policies().sort().join(',') || '-').join(' '))
    .join(' | ')
}

const edits: TimelineEvent[] = [
  ...beginning(),
  added(100, policy('p', 1, { rules: 1 }, { created: at(100) })),
  modified(200.4, policy('p', 2, { rules: 2 }, { written: at(200), by: 'kubectl-edit' })),
  deleted(300, policy('p', 2, { rules: 2 })),
]

t.test('changes() has every change of a policy, with the bounds of its API write', async t => {
  const timeline = timelineOf(edits)
  t.strictSame(print(timeline), [
    'policy shop/p created 0->1 in [100, 100]',
    'policy shop/p changed 1->2 in [200, 200.4]',
    'policy shop/p deleted 2->NaN in [295, 300]',
  ])
  const [created, changed, removed] = timeline.changes()
  t.equal(changed!.by, 'kubectl-edit')
  t.equal(created!.before, undefined)
  t.equal(changed!.before, created!.after)
  t.equal(removed!.after, undefined)
  t.equal(removed!.by, undefined)
})

t.test('what alters no verdict is no change', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(1, namespace('shop', { team: 'a' })),
    added(10, policy('p', 1, { rules: [] })),
    modified(20, policy('p', 1, { rules: [] }, { written: at(20) })),
    added(30, pod({ uid: 'a', labels: { app: 'x' } })),
    modified(31, pod({ uid: 'a', labels: { app: 'x' }, ips: ['10.0.0.1'] })),
    modified(40, namespace('shop', { team: 'a' })),
    deleted(50, pod({ uid: 'a', labels: { app: 'x' } })),
  ])
  t.strictSame(print(timeline), ['policy shop/p created 0->1 in [5, 10]'])
})

t.test('labels of a pod and of a namespace are changes', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(1, namespace('shop', { team: 'a' })),
    added(10, pod({ uid: 'a', labels: { app: 'cart' } })),
    modified(20, pod({ uid: 'a', labels: { app: 'kart' }, written: 19 })),
    modified(30, namespace('shop', { team: 'b' })),
  ])
  t.strictSame(print(timeline), ['pod shop/a changed in [19, 20]', 'namespace shop changed in [25, 30]'])
})

t.test('an entry of managedFields that is older than the watch can be late is not this write', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(100, policy('p', 1)),
    modified(200, policy('p', 2, 2, { written: at(100) })),
  ])
  t.equal(print(timeline)[1], 'policy shop/p changed 1->2 in [195, 200]')
})

t.test('policies of the initial list are no changes, and were there before', async t => {
  const timeline = timelineOf([added(100, policy('p', 7)), added(150, policy('q', 1))])
  t.strictSame(print(timeline), ['policy shop/q created 0->1 in [145, 150]'])
  t.equal(states(timeline, 50), 'p@7 |  | ')
})

t.test(
  'a view has the states within the lag before, newest first, and those that may have been written already',
  async t => {
    const timeline = timelineOf(edits)
    t.equal(states(timeline, 98.9), '- |  | ')
    t.equal(states(timeline, 99), '- |  | p@1', 'clocks may differ by a second')
    t.equal(states(timeline, 100), 'p@1 | - | ')
    t.equal(states(timeline, 104.9), 'p@1 | - | ')
    t.equal(states(timeline, 105), 'p@1 |  | ')
    t.equal(states(timeline, 200), 'p@1 |  | p@2')
    t.equal(states(timeline, 200.4), 'p@2 | p@1 | ')
    t.equal(states(timeline, 301), '- | p@2 | ')
  },
)

t.test('a policy that flips within the lag leaves each of its states', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(50, policy('p', 1)),
    modified(100, policy('p', 2)),
    modified(100.1, policy('p', 3)),
    added(100.2, policy('q', 1)),
  ])
  t.equal(states(timeline, 100.2), 'p@3,q@1 | p@3 p@2 p@1 | ')
  const { past } = timeline.viewAt(at(100.2))
  t.strictSame(
    past.map(each => each.changes.map(change => change.key)),
    [['shop/q'], ['shop/q', 'shop/p'], ['shop/q', 'shop/p', 'shop/p']],
  )
})

t.test('changes of one moment are one step', async t => {
  const timeline = timelineOf([...beginning(), added(100, policy('p', 1)), added(100, policy('q', 1))])
  t.equal(states(timeline, 101), 'p@1,q@1 | - | ')
})

t.test('a stamp of whole seconds sees both states of the second in which a policy changed', async t => {
  const timeline = timelineOf(edits, [], { lagMs: 0 })
  t.equal(states(timeline, 100, 1_000_000), 'p@1 |  | ', 'the change came with the first moment')
  t.equal(states(timeline, 199.5, 1_000_000), 'p@2 | p@1 | ')
})

t.test('past states keep the pods of the present', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(50, pod({ uid: 'a', labels: { app: 'x' }, ips: ['10.0.0.1'] })),
    modified(100, pod({ uid: 'a', labels: { app: 'y' }, ips: ['10.0.0.1'] })),
    added(101, pod({ uid: 'b', ips: ['10.0.0.2'] })),
  ])
  const { past, epoch } = timeline.viewAt(at(102))
  t.match(epoch.objects.get('Pod a'), { labels: { app: 'y' } })
  t.match(past[0]!.epoch.objects.get('Pod a'), { labels: { app: 'x' } })
  t.ok(past[0]!.epoch.objects.has('Pod b'))
})

t.test('without() undoes changes that are older than the lag: what blame asks', async t => {
  const timeline = timelineOf(edits)
  const view = timeline.viewAt(at(290))
  t.strictSame(
    view.changes().map(each => each.op),
    ['changed', 'created'],
  )
  t.strictSame(view.without(view.changes().slice(0, 1)).policies(), ['p@1'])
  t.strictSame(view.without(view.changes()).policies(), [])
  t.equal(view.without([]), view.epoch)
})

t.test('a policy that is made again under its name is the same story', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(100, policy('p', 3, 3, { uid: 'u1' })),
    deleted(200, policy('p', 3, 3, { uid: 'u1' })),
    added(210, policy('p', 1, 1, { uid: 'u2' })),
    deleted(211, policy('p', 3, 3, { uid: 'u1' })),
  ])
  t.strictSame(
    print(timeline).map(line => line.replace(/ in .*/, '')),
    ['policy shop/p created 0->3', 'policy shop/p deleted 3->NaN', 'policy shop/p created 0->1'],
  )
  t.strictSame(timeline.viewAt(at(250)).epoch.policies(), ['p@1'], 'a late DELETED is about the other uid')
})

t.test(
  'a policy goes on from its manifest when an event changes it, and follows the timeline when one adds it',
  async t => {
    const goesOn = timelineOf(
      [...beginning(10), modified(100, policy('p', 4, 4, { uid: 'u' }))],
      [policy('p', 3)],
    )
    t.strictSame(print(goesOn), ['policy shop/p changed 3->4 in [95, 100]'])
    t.equal(states(goesOn, 50), 'p@3 |  | ')
    t.equal(states(goesOn, 102), 'p@4 | p@3 | ')
    t.equal(goesOn.viewAt(at(102)).epoch.objects.size, 2, 'the policy and its namespace, not both of its ids')
    const follows = timelineOf([...beginning(10), added(100, policy('p', 4))], [policy('p', 3)])
    t.equal(states(follows, 50), '- |  | ')
    t.equal(states(follows, 110), 'p@4 |  | ')
  },
)

t.test('what a relist finds changed or gone changed in its gap, and nothing is certain there', async t => {
  const timeline = timelineOf([
    ...beginning(),
    ...[added(50, policy('p', 1)), added(51, policy('q', 1))],
    ...[relist(100, 'NetworkPolicy', 80), added(100, policy('p', 2))],
  ])
  t.strictSame(print(timeline).slice(2), [
    'policy shop/p changed 1->2 in [80, 100] gap',
    'policy shop/q deleted 1->NaN in [80, 100] gap',
  ])
  const inside = timeline.viewAt(at(90))
  t.strictSame([inside.certainty, inside.unsure], ['candidates', ['sync-gap']])
  t.equal(states(timeline, 90), 'p@1,q@1 |  | p@2')
  t.equal(timeline.viewAt(at(79)).certainty, 'certain')
  t.equal(timeline.viewAt(at(104.9)).certainty, 'candidates', 'what came and went may still be enforced')
  t.equal(timeline.viewAt(at(105)).certainty, 'certain')
})

t.test('drainChanges() gives each change once', async t => {
  const timeline = timelineOf(edits.slice(0, -1))
  t.equal(timeline.drainChanges().length, 2)
  t.equal(timeline.drainChanges().length, 0)
  timeline.apply(edits.at(-1)!)
  t.strictSame(
    timeline.drainChanges().map(each => each.op),
    ['deleted'],
  )
  timeline.apply(added(400, pod({ uid: 'a' })))
  t.equal(timeline.drainChanges().length, 0)
})

t.test('setLag() moves the end of the past states', async t => {
  const timeline = timelineOf(edits)
  t.equal(states(timeline, 103), 'p@1 | - | ')
  timeline.setLag(2_000)
  t.equal(states(timeline, 101.9), 'p@1 | - | ')
  t.equal(states(timeline, 103), 'p@1 |  | ')
})

t.test('possible() has every mixture of changes that are on their way, of those that matter', async t => {
  const timeline = timelineOf([
    ...beginning(),
    added(50, policy('p', 1)),
    modified(100, policy('p', 2)),
    modified(100.1, policy('p', 3)),
    added(100.2, policy('q', 1, 1, { created: at(100) })),
    added(103, policy('r', 1, 1, { created: at(101) })),
  ])
  const possible = (when: number, keys: string[]) =>
    timeline
      .viewAt(at(when))
      .possible(change => keys.includes(change.key))
      ?.map(({ epoch, undone, redone }) => [
        epoch.policies().sort().join(),
        undone.map(each => each.generation.to).join(),
        redone.length,
      ])
  t.strictSame(possible(100.5, []), [['p@3,q@1', '', 0]])
  t.strictSame(possible(100.5, ['shop/p']), [
    ['p@3,q@1', '', 0],
    ['p@2,q@1', '3', 0],
    ['p@1,q@1', '3,2', 0],
  ])
  t.strictSame(possible(101.5, ['shop/q', 'shop/r']), [
    ['p@3,q@1', '', 0],
    ['p@3', '1', 0],
    ['p@3,q@1,r@1', '', 1],
    ['p@3,r@1', '1', 1],
  ])
  t.equal(possible(101, ['shop/p', 'shop/q'])?.length, 6)
})

t.test('more states than can be told apart are no answer, unless most of them do not matter', async t => {
  const flood = Array.from({ length: 40 }, (_, i) => added(100 + i / 100, policy(`p${i}`, 1)))
  const view = timelineOf([...beginning(), ...flood]).viewAt(at(101))
  t.equal(
    view.possible(() => true),
    undefined,
  )
  t.equal(view.possible(change => ['shop/p1', 'shop/p2'].includes(change.key))?.length, 4)
})
