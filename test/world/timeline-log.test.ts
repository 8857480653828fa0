// The timeline that is written down tells what was seen: the same answers as the events themselves, or less certain ones, never another
// certain one.

import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { eventReader } from '../../agent/cluster/index.ts'
import { readWorld } from '../../agent/cluster/read-world.ts'
import {
  openTimelineLog,
  type TimelineLog,
  type TimelineLogOptions,
} from '../../agent/cluster/timeline-log.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { createTimeline, type Timeline, type TimelineEvent } from '../../agent/timeline/index.ts'

const S = 1_000_000
const T0 = Date.parse('2026-11-24T10:00:00Z') * 1000
const read = eventReader()
const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const

const pod = (i: number, ip: string, label = 'a') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: `p${i}`, uid: `uid-${i}`, labels: { app: label } },
  spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIPs: [{ ip }] },
})
const relist = (at: number, lastProof = Number.NaN): TimelineEvent => ({
  type: 'RELIST',
  at,
  api: 'Pod',
  lastProof,
})
const change = (type: 'ADDED' | 'MODIFIED' | 'DELETED', at: number, object: unknown): TimelineEvent =>
  read({ at, type, object })

interface Opened {
  readonly log: TimelineLog
  readonly said: string[]
}

function open(dir: string, options: Partial<TimelineLogOptions> = {}): Opened {
  const said: string[] = []
  const log = openTimelineLog({ dir, since: 0, now: () => T0, say: text => said.push(text), ...options })
  return { log, said }
}

const fresh = (events: readonly TimelineEvent[]): Timeline<Epoch> =>
  createTimeline<Epoch>({ events }, { compile: world => compile(world, { profile: 'upstream' }) })

async function written(dir: string): Promise<Timeline<Epoch>> {
  return fresh((await readWorld(dir)).events)
}

interface Answer {
  readonly kind: string
  readonly pod: string | undefined
  readonly isCertain: boolean
}

function ask(timeline: Timeline<Epoch>, at: number, ip: string): Answer {
  const { kind, pod, certainty } = timeline.viewAt(at).owner(parseAddress(ip)!, 0)
  return { kind, pod: pod && `${pod.uid} ${pod.labels.app}`, isCertain: certainty === 'certain' }
}

function podsAt(timeline: Timeline<Epoch>, at: number): string {
  const { pods } = timeline.viewAt(at).world()
  return [...pods]
    .map(({ name, labels, ips }) => `${name} ${labels.app} ${ips}`)
    .sort()
    .join('\n')
}

/** Times between the events, and just before and after each. */
function times(events: readonly TimelineEvent[]): number[] {
  return events.flatMap(({ at }) => [at - 500_000, at - 1, at, at + 1, at + 500_000])
}

const step = fc.record({
  pod: fc.nat(5),
  ip: fc.constantFrom(...addresses),
  label: fc.constantFrom('a', 'b'),
  do: fc.constantFrom('put', 'put', 'delete'),
  pause: fc.constantFrom(0, 1, 200_000, 3 * S, 20 * S),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** As a watch would tell of them, after its first list. */
function eventsOf(steps: readonly Step[]): TimelineEvent[] {
  const there = new Map<number, unknown>()
  let at = T0 + S
  const events: TimelineEvent[] = [relist(T0), change('ADDED', T0, pod(9, '10.0.0.9'))]
  for (const { pod: i, ip, label, do: what, pause } of steps) {
    at += pause
    if (what === 'put') {
      events.push(change(there.has(i) ? 'MODIFIED' : 'ADDED', at, pod(i, ip, label)))
      there.set(i, pod(i, ip, label))
    } else if (there.has(i)) {
      events.push(change('DELETED', at, there.get(i)))
      there.delete(i)
    }
  }
  return events
}

let cases = 0

t.test('through rotations and restarts it gives the answers of the events themselves', async t => {
  const root = t.testdir()
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 40 }),
    fc.array(fc.nat(40), { maxLength: 4 }),
    async (steps, restarts) => {
      const dir = join(root, String(cases++))
      const events = eventsOf(steps)
      let { log } = open(dir, { maxBytes: 800 })
      for (const [i, event] of events.entries()) {
        if (restarts.includes(i)) {
          log.close()
          log = open(dir, { maxBytes: 800 }).log
          if (String(log.restored.at(-1)?.at) !== String(i === 0 ? undefined : events[i - 1]!.at))
            throw new Error('the last event is not restored')
        }
        log.append([event])
      }
      log.close()
      const [whole, again] = [fresh(events), await written(dir)]
      for (const at of times(events))
        for (const ip of addresses) {
          const [expected, got] = [ask(whole, at, ip), ask(again, at, ip)]
          if (JSON.stringify(expected) !== JSON.stringify(got))
            throw new Error(`${ip} at ${at - T0}: ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`)
        }
      nodeFs.rmSync(dir, { recursive: true })
    },
  )
  await fc.assert(property, { numRuns: 40 })
})

/** A file system that fails at some calls, in the middle of what it writes. */
function failing(isBad: () => boolean): NonNullable<TimelineLogOptions['fs']> {
  return {
    ...nodeFs,
    writeSync: ((fd: number, bytes: Buffer, offset: number, length: number, position: number) => {
      if (!isBad()) return nodeFs.writeSync(fd, bytes, offset, length, position)
      nodeFs.writeSync(fd, bytes, offset, length >> 1, position)
      throw new Error('ENOSPC: no space left')
    }) as typeof nodeFs.writeSync,
  }
}

t.test('what a full disk kept from it makes nothing certain that was otherwise', async t => {
  const root = t.testdir()
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 40 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
    async (steps, failures) => {
      const dir = join(root, String(cases++))
      const events = eventsOf(steps)
      let calls = 0
      const { log } = open(dir, {
        maxBytes: 800,
        // The first list is written, and the last event.
        fs: failing(() => calls > 4 && failures[calls % failures.length] === true),
      })
      for (const event of events) {
        calls++
        log.append([event])
      }
      calls = 0
      const last = change('ADDED', events.at(-1)!.at + S, pod(8, '10.0.0.8'))
      log.append([last])
      log.close()
      const [whole, again] = [fresh(events), await written(dir)]
      for (const at of times(events))
        for (const ip of addresses) {
          const [expected, got] = [ask(whole, at, ip), ask(again, at, ip)]
          if (!got.isCertain || !expected.isCertain) continue
          if (expected.kind !== got.kind || expected.pod !== got.pod)
            throw new Error(`${ip} at ${at - T0}: ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`)
        }
      const end = events.at(-1)!.at + 60 * S
      const [expected, got] = [podsAt(fresh([...events, last]), end), podsAt(again, end)]
      if (expected !== got) throw new Error(`at last there is ${got}, not ${expected}`)
      nodeFs.rmSync(dir, { recursive: true })
    },
  )
  await fc.assert(property, { numRuns: 40 })
})

t.test('a disk that is full is said once, and leaves no half file', async t => {
  const dir = t.testdir()
  let isFull = true
  const { log, said } = open(dir, { fs: failing(() => isFull) })
  log.append([relist(T0), change('ADDED', T0, pod(1, '10.0.0.1'))])
  log.append([change('ADDED', T0 + S, pod(2, '10.0.0.2'))])
  t.same(said, [`Cannot write the timeline to "${dir}": ENOSPC: no space left`])
  for (const name of nodeFs.readdirSync(dir)) t.equal(nodeFs.statSync(join(dir, name)).size, 0)
  isFull = false
  log.append([change('DELETED', T0 + 2 * S, pod(1, '10.0.0.1'))])
  log.close()
  const timeline = await written(dir)
  t.same(ask(timeline, T0 + 3 * S, '10.0.0.2'), { kind: 'pod', pod: 'uid-2 a', isCertain: true })
  t.notOk(ask(timeline, T0 + 3 * S, '10.0.0.1').pod)
})

t.test('a torn tail is taken off, and what follows is whole', async t => {
  const dir = t.testdir()
  const first = open(dir)
  first.log.append([relist(T0), change('ADDED', T0, pod(1, '10.0.0.1'))])
  first.log.close()
  const [name] = nodeFs.readdirSync(dir)
  nodeFs.appendFileSync(join(dir, name!), '{"at":"2026-11-24T10:00:01.000Z","type":"DEL')
  nodeFs.writeFileSync(join(dir, 'timeline.v1.1795514400000002.jsonl.part'), '{"at":"2026')
  const { log } = open(dir)
  t.equal(log.restored.length, 2)
  log.append([change('ADDED', T0 + 2 * S, pod(2, '10.0.0.2'))])
  log.close()
  t.same(nodeFs.readdirSync(dir), [name])
  t.equal((await readWorld(dir)).events.length, 3)
  t.equal(nodeFs.statSync(join(dir, name!)).mode & 0o777, 0o600)
})

t.test('the time without an agent is not claimed as seen', async t => {
  const dir = t.testdir()
  const before = open(dir)
  before.log.append([
    relist(T0),
    change('ADDED', T0, pod(1, '10.0.0.1')),
    change('ADDED', T0, pod(2, '10.0.0.2')),
  ])
  before.log.close()
  const after = open(dir)
  const back = T0 + 600 * S
  after.log.append([relist(back, T0 + 60 * S), change('ADDED', back, pod(1, '10.0.0.1'))])
  after.log.close()
  const timeline = await written(dir)
  t.ok(ask(timeline, T0 + 30 * S, '10.0.0.2').isCertain)
  t.notOk(ask(timeline, T0 + 300 * S, '10.0.0.2').isCertain, 'it may have been deleted')
  t.notOk(ask(timeline, T0 + 300 * S, '10.0.0.3').isCertain, 'somebody may have come and gone')
  t.notOk(ask(timeline, back + 30 * S, '10.0.0.2').pod)
})

t.test(
  'the oldest files go when all are larger than their budget, and each tells the whole state',
  async t => {
    const dir = t.testdir()
    const { log } = open(dir, { maxBytes: 2_000, budgetBytes: 8_000 })
    log.append([relist(T0), change('ADDED', T0, pod(1, '10.0.0.1'))])
    for (let i = 0; i < 200; i++)
      log.append([change('MODIFIED', T0 + (i + 1) * S, pod(2, '10.0.0.2', `l${i}`))])
    log.close()
    const sizes = nodeFs.readdirSync(dir).map(name => nodeFs.statSync(join(dir, name)).size)
    t.ok(sizes.length > 2 && sizes.reduce((sum, size) => sum + size, 0) < 11_000, String(sizes))
    const timeline = await written(dir)
    t.equal(ask(timeline, T0 + 300 * S, '10.0.0.1').pod, 'uid-1 a')
    t.equal(ask(timeline, T0 + 300 * S, '10.0.0.2').pod, 'uid-2 l199')
    t.equal(open(dir, { since: Number.POSITIVE_INFINITY }).log.restored[0]?.type, 'RELIST')
  },
)

t.test('a state that is larger than a file does not begin a file with every event', async t => {
  const dir = t.testdir()
  const { log } = open(dir, { maxBytes: 1_000 })
  log.append([relist(T0), ...[1, 2, 3, 4, 5, 6].map(i => change('ADDED', T0, pod(i, `10.0.0.${i}`)))])
  for (let i = 0; i < 6; i++) log.append([change('MODIFIED', T0 + (i + 1) * S, pod(1, '10.0.0.1', `l${i}`))])
  log.close()
  t.ok(nodeFs.readdirSync(dir).length <= 3, String(nodeFs.readdirSync(dir)))
})

t.test('files of another version are said and left, and a line that is no event is said', async t => {
  const name = 'timeline.v1.1795514400000000.jsonl'
  const dir = t.testdir({ 'timeline.v2.1795514400000000.jsonl': '', [name]: 'x\n{}\n' })
  const { said } = open(dir)
  t.match(said, [
    /v2.*is of version 2, which is not known here: left untouched/,
    /line 1, is left out/,
    /line 2/,
  ])
})
