// Measured delays against schedules whose true delays are known: every node takes every change after a time of its own.

import t from 'tap'
import type { World } from '../../agent/policy/objects.ts'
import { openBench } from '../../agent/verdict/bench.ts'
import { createEnforcement, type Measured } from '../../agent/verdict/enforcement.ts'
import { orient } from '../../agent/verdict/orient.ts'
import { type Trial, trialsOf } from '../../agent/verdict/trials.ts'
import { createFlow, type Flow, Verdict } from '../../collectors/flow.ts'
import { ask } from '../oracle/oracle.ts'
import { createRandom, type Random } from '../oracle/random.ts'
import { anyWorldOf } from '../oracle/tiered-worlds.ts'
import { casesOf } from '../random-cases.ts'
import { applied, type Edit, historyOf, objectName, packetFlow, START, timelineOf } from './blame-world.ts'

const S = 1_000_000
const WINDOW = 60 * S
const firstSeed = Number(process.env.ENFORCEMENT_SEED ?? 2000)
const worlds = casesOf(20, 40, 'ENFORCEMENT_WORLDS')

interface Schedule {
  readonly world: World
  readonly edits: readonly Edit[]
  /** When the API took each change, which is before this node hears of it. */
  readonly written: readonly number[]
  /** When each node took each change. */
  enforced(node: string, i: number): number
}

function scheduleOf(seed: number): Schedule {
  const random = createRandom(seed)
  const world = anyWorldOf(seed)
  let at = START + 10 * S
  const edits = historyOf(world, seed, 8).map(edit => {
    at += random.between(1, random.pick([3, 30, 90])) * S + random.below(S)
    return { ...edit, at }
  })
  let last = START
  const written = edits.map(edit => {
    last = Math.max(last, edit.at - random.below(random.pick([1, S, 5 * S])))
    return last
  })
  const delays = new Map<string, number>()
  const enforced = (node: string, i: number) => {
    const key = `${node} ${i}`
    const delay = delays.get(key) ?? random.below(random.pick([S / 10, 4 * S, 55 * S]))
    delays.set(key, delay)
    return written[i]! + delay
  }
  return { world, edits, written, enforced }
}

/** What a node enforces at a time: of each object the newest state that it has taken. */
function worldOn({ world, edits, enforced }: Schedule, node: string, time: number): World {
  const newest = new Map<string, number>()
  for (const i of edits.keys()) if (enforced(node, i) <= time) newest.set(objectName(world, edits, i), i)
  return [...newest.values()].reduce((state, i) => restoredAfter(state, world, edits, i), world)
}

/** Of this object the state after edit `i`; a policy of its name that had another uid is gone. */
function restoredAfter(state: World, world: World, edits: readonly Edit[], i: number): World {
  const { change } = edits[i]!
  if (change.kind !== 'Policy') return applied(state, change)
  const name = objectName(world, edits, i)
  const policies = state.policies.filter(each => objectName(world, edits, each) !== name)
  return { ...state, policies: change.object ? [...policies, change.object] : policies }
}

/** From when on nothing older than edit `i` decides on that node: a later change of the object may overtake it. */
function trueEnforcement(schedule: Schedule, node: string, i: number): number {
  const { world, edits, enforced } = schedule
  const name = objectName(world, edits, i)
  const later = [...edits.keys()].filter(j => j >= i && objectName(world, edits, j) === name)
  return Math.min(...later.map(j => enforced(node, j)))
}

function flowsOf(schedule: Schedule, random: Random, precision: number): Flow[] {
  const { world, edits } = schedule
  const pods = world.pods.filter(pod => !pod.hostNetwork && pod.phase === 'Running')
  const ends = pods.flatMap(pod => pod.ips.filter(ip => !ip.includes(':')).map(ip => ({ pod, ip })))
  const pairs = Array.from({ length: 8 }, () => [random.pick(ends), random.pick(ends)] as const)
  const port = random.pick([80, 443, 5432])
  const last = edits.at(-1)!.at + WINDOW
  return Array.from({ length: ends.length > 1 ? 250 : 0 }, () => {
    const exact = START + random.below(last - START)
    const time = Math.floor(exact / precision) * precision
    const [from, to] = random.pick(pairs)
    const probe = { from: from!.ip, to: to!.ip, port, protocol: 'TCP' }
    const side = (node: string, direction: 'egress' | 'ingress') =>
      ask(worldOn(schedule, node, exact), probe)![direction]
    const isDenied =
      side(from!.pod.node ?? '', 'egress') === 'denied' || side(to!.pod.node ?? '', 'ingress') === 'denied'
    const packet = { from: from!.ip, to: to!.ip, port, time }
    return { ...packetFlow(packet, isDenied ? Verdict.denied : Verdict.allowed), precision }
  })
}

function measuredFrom(schedule: Schedule, flows: readonly Flow[]): Measured[] {
  const timeline = timelineOf(schedule.world, schedule.edits)
  const found: Measured[] = []
  const enforcement = createEnforcement({ lag: 5 * S, emit: measured => found.push(measured) })
  for (const flow of flows) {
    const view = timeline.viewAt(flow.time, flow.precision)
    const trials = trialsOf(openBench(flow, orient(flow), view, { node: undefined }), WINDOW)
    enforcement.observe(trials, flow, 'log')
  }
  enforcement.close()
  return found
}

/** What is wrong with a measurement. */
function wrongs(schedule: Schedule, measured: Measured): string[] {
  const i = schedule.edits.findIndex(edit => edit.at === measured.change.at)
  const enforced = trueEnforcement(schedule, measured.node, i)
  const delay = enforced - schedule.written[i]!
  const [min, max] = measured.delay
  if (measured.outcome === 'pending')
    return enforced > measured.lastOld ? [] : ['pending, though it was enforced']
  const said: string[] = []
  if (measured.isMixed) said.push('mixed')
  if (!(min <= delay && delay <= max)) said.push(`${delay} is not in [${min}, ${max}]`)
  return said
}

const print = (all: readonly Measured[]) =>
  all.map(({ change, ...rest }) => JSON.stringify([change.key, change.at, rest])).sort()

t.test('the bounds contain the true delay, whatever the order of the flows', t => {
  const counts = { enforced: 0, pending: 0, tight: 0 }
  for (let seed = firstSeed; seed < firstSeed + worlds; seed++) {
    const schedule = scheduleOf(seed)
    const random = createRandom(seed + 7)
    const flows = flowsOf(schedule, random, random.pick([1, 1, S]))
    const found = measuredFrom(schedule, flows)
    for (const each of found) {
      counts[each.outcome]++
      if (each.outcome === 'enforced' && each.delay[0] > 0) counts.tight++
      for (const wrong of wrongs(schedule, each))
        t.fail(`seed ${seed} ${each.change.key} ${each.node}: ${wrong}`)
    }
    const shuffled = flows.map(flow => ({ flow, at: random.below(1e9) })).sort((a, b) => a.at - b.at)
    const again = measuredFrom(
      schedule,
      shuffled.map(({ flow }) => flow),
    )
    if (print(again).join() !== print(found).join())
      t.same(print(again), print(found), `seed ${seed}, other order`)
  }
  t.comment(JSON.stringify(counts))
  t.ok(counts.enforced > worlds / 2, 'changes are measured')
  t.ok(counts.tight > 0, 'some have a lower bound')
  t.ok(counts.pending > 0, 'some are pending')
  t.end()
})

// ---- by hand

const change = (at: number, since = at): Trial['change'] => ({
  kind: 'policy',
  api: 'NetworkPolicy',
  key: 'data/pg',
  op: 'changed',
  at,
  since,
  earliest: since,
  gap: false,
  generation: { from: 1, to: 2 },
})

const trial = (of: Trial['change'], more: Partial<Trial> = {}): Trial => ({
  change: of,
  node: 'n1',
  isAllowedBefore: true,
  needs: [],
  ...more,
})

type Seen = readonly [seconds: number, verdict: 'allowed' | 'denied', source?: string]

function measure(trials: readonly Trial[], seen: readonly Seen[], more: Partial<Flow> = {}) {
  const found: Measured[] = []
  const enforcement = createEnforcement({ lag: 5 * S, emit: measured => found.push(measured) })
  for (const [seconds, verdict, source] of seen) {
    const flow = { ...createFlow(), time: seconds * S, verdict: Verdict[verdict], ...more }
    enforcement.observe(trials, flow, source ?? 'log')
  }
  enforcement.close()
  return found.map(({ outcome, delay, leaked, blocked, isMixed, flows }) => ({
    outcome,
    delay: delay.map(each => each / S),
    leaked,
    blocked,
    isMixed,
    flows,
  }))
}

t.test('the last old and the first new decision bound the delay', t => {
  const seen: Seen[] = [
    [99, 'allowed'],
    [100.5, 'allowed'],
    [101, 'allowed'],
    [102, 'denied'],
    [103, 'denied'],
  ]
  const wanted = { outcome: 'enforced', delay: [1, 3], leaked: 2, blocked: 0, isMixed: false, flows: 5 }
  t.same(measure([trial(change(100 * S, 99 * S))], seen), [wanted], 'as late as the write was early')
  const opposite = seen.map(([at, verdict]): Seen => [at, verdict === 'allowed' ? 'denied' : 'allowed'])
  t.same(
    measure([trial(change(100 * S, 99 * S), { isAllowedBefore: false })], opposite),
    [{ ...wanted, leaked: 0, blocked: 2 }],
    'what is allowed again was blocked meanwhile',
  )
  t.end()
})

t.test('a clock of whole seconds widens the bounds', t => {
  const found = measure(
    [trial(change(100.4 * S, 100 * S))],
    [
      [101, 'allowed'],
      [102, 'denied'],
    ],
    { precision: S },
  )
  t.same(found[0]!.delay, [0.6, 2.999999])
  t.end()
})

t.test('without an old decision the delay may have been nothing', t => {
  t.same(measure([trial(change(100 * S))], [[103, 'denied']])[0]!.delay, [0, 3])
  t.end()
})

t.test('what gets through shows nothing where nothing was ever denied', t => {
  const opened = trial(change(100 * S), { isAllowedBefore: false })
  t.same(measure([opened], [[103, 'allowed']]), [], 'a node that lets everything through would show the same')
  const seen: Seen[] = [
    [101, 'denied'],
    [103, 'allowed'],
  ]
  t.match(measure([opened], seen), [{ outcome: 'enforced', delay: [1, 3], blocked: 1 }])
  const after = trial(change(110 * S), { needs: [opened.change] })
  const both = (first: readonly Seen[]) => {
    const found: Measured[] = []
    const enforcement = createEnforcement({ lag: 5 * S, emit: measured => found.push(measured) })
    const observe = (of: Trial, [seconds, verdict]: Seen) =>
      enforcement.observe([of], { ...createFlow(), time: seconds * S, verdict: Verdict[verdict] }, 'log')
    for (const each of first) observe(opened, each)
    observe(after, [112, 'denied'])
    enforcement.close()
    return found.map(({ change: { at } }) => at / S)
  }
  t.same(both([[103, 'allowed']]), [], 'nor can anything rest on it')
  t.same(both(seen), [100, 110])
  t.end()
})

t.test('old decisions beyond the lag, and no new ones, are pending', t => {
  t.same(
    measure(
      [trial(change(100 * S))],
      [
        [101, 'allowed'],
        [112, 'allowed'],
      ],
    ),
    [{ outcome: 'pending', delay: [12, 12], leaked: 2, blocked: 0, isMixed: false, flows: 2 }],
  )
  t.same(
    measure(
      [trial(change(100 * S))],
      [
        [101, 'allowed'],
        [104, 'allowed'],
      ],
    ),
    [],
    'but not within the lag',
  )
  t.end()
})

t.test('old decisions after new ones are said, and the bounds are as wide as that', t => {
  const found = measure(
    [trial(change(100 * S))],
    [
      [101, 'denied'],
      [102, 'allowed'],
      [104, 'denied'],
    ],
  )
  t.same(found, [{ outcome: 'enforced', delay: [0, 4], leaked: 1, blocked: 0, isMixed: true, flows: 3 }])
  t.equal(
    measure(
      [trial(change(100 * S))],
      [
        [101, 'denied'],
        [112, 'allowed'],
      ],
    )[0]!.outcome,
    'pending',
  )
  t.end()
})

t.test('packets that two logs tell of are counted once', t => {
  const seen: Seen[] = [
    [101, 'allowed', 'a'],
    [101, 'allowed', 'b'],
    [102, 'allowed', 'b'],
    [103, 'denied', 'a'],
  ]
  t.equal(measure([trial(change(100 * S))], seen)[0]!.leaked, 2)
  t.end()
})

t.test('what rests on an earlier change counts only if that one was seen enforced before', t => {
  const earlier = change(90 * S)
  const later = change(100 * S)
  const rests = trial(later, { isAllowedBefore: false, needs: [earlier] })
  const found: Measured[] = []
  const run = (isSeen: boolean) => {
    found.length = 0
    const enforcement = createEnforcement({ lag: 5 * S, emit: measured => found.push(measured) })
    const flow = (time: number, verdict: Flow['verdict']) => ({ ...createFlow(), time: time * S, verdict })
    enforcement.observe([rests], flow(100.5, Verdict.denied), 'log')
    enforcement.observe([rests], flow(101, Verdict.allowed), 'log')
    if (isSeen) enforcement.observe([trial(earlier)], flow(92, Verdict.denied), 'log')
    enforcement.close()
    return found.map(each => each.change === later)
  }
  t.same(run(false), [])
  t.same(run(true), [false, true])
  t.end()
})

t.test('a window that is over is written by the heartbeat, once', t => {
  const found: Measured[] = []
  const enforcement = createEnforcement({ lag: 5 * S, emit: measured => found.push(measured) })
  const trials = [trial(change(100 * S))]
  const see = (time: number) =>
    enforcement.observe(trials, { ...createFlow(), time: time * S, verdict: Verdict.denied }, 'log')
  see(101)
  enforcement.advance(160 * S)
  t.equal(found.length, 0, 'late lines may still come')
  enforcement.advance(171 * S)
  t.equal(found.length, 1)
  see(102)
  enforcement.close()
  t.equal(found.length, 1)
  t.equal(enforcement.size, 0)
  t.end()
})

t.test('at most so many changes are measured at a time, and the oldest is written', t => {
  const found: Measured[] = []
  const enforcement = createEnforcement({ lag: 5 * S, emit: measured => found.push(measured), capacity: 3 })
  for (let i = 0; i < 5; i++) {
    const flow = { ...createFlow(), time: (100 + i) * S, verdict: Verdict.denied }
    enforcement.observe([trial(change((100 + i) * S))], flow, 'log')
    t.ok(enforcement.size <= 3)
  }
  t.equal(found.length, 2)
  enforcement.close()
  t.equal(found.length, 5)
  t.end()
})
