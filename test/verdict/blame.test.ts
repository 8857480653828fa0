import t from 'tap'
import type { Epoch } from '../../agent/policy/index.ts'
import type { Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import type { Timeline } from '../../agent/timeline/index.ts'
import type { Attribution, Blame, BlamedChange } from '../../agent/verdict/finding.ts'
import { judge } from '../../agent/verdict/judge.ts'
import { orient } from '../../agent/verdict/orient.ts'
import { ask } from '../oracle/oracle.ts'
import { createRandom } from '../oracle/random.ts'
import { anyWorldOf } from '../oracle/tiered-worlds.ts'
import { casesOf } from '../random-cases.ts'
import {
  applied,
  type Edit,
  historyOf,
  objectName,
  type Packet,
  packetFlow,
  policyName,
  START,
  STEP,
  timelineOf,
} from './blame-world.ts'

const eyes = { node: undefined }

function findingOf(timeline: Timeline<Epoch>, packet: Packet, precision = 1) {
  const flow = { ...packetFlow(packet), precision }
  return judge(flow, orient(flow), timeline.viewAt(flow.time, precision), eyes)
}

// ---- by hand

const pod = (ns: string, name: string, ip: string, labels: Pod['labels']): Pod => ({
  uid: `uid-${name}`,
  ns,
  name,
  labels,
  ips: [ip],
  hostIPs: ['192.168.0.1'],
  node: 'n1',
  hostNetwork: false,
  phase: 'Running',
  terminating: false,
  ports: [],
  workload: `Pod/${name}`,
})

const named = (name: string, labels: object = {}) => ({
  name,
  labels: { 'kubernetes.io/metadata.name': name, ...labels },
})

const policy = (name: string, generation: number, spec: object): PolicyObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'data', name, uid: `uid-${name}`, generation },
  spec,
})

const from = (app: string) => ({ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app } } }] })
const ingress = (...rules: object[]) => ({ podSelector: {}, policyTypes: ['Ingress'], ingress: rules })

const quiet: World = {
  namespaces: [named('shop', { team: 'a' }), named('data')],
  nodes: [{ name: 'n1', labels: {}, addresses: ['192.168.0.1'], podCIDRs: ['10.0.0.0/16'] }],
  pods: [pod('shop', 'cart', '10.0.0.1', { app: 'cart' }), pod('data', 'pg', '10.0.0.5', { app: 'pg' })],
  policies: [],
}

type Step = PolicyObject | { readonly gone: string } | Pod | ReturnType<typeof named>

function editsOf(world: World, steps: readonly Step[], gap = STEP): Edit[] {
  return steps.map((step, i) => {
    const change =
      'gone' in step
        ? ({ kind: 'Policy', key: `uid-${step.gone}` } as const)
        : 'spec' in step || 'apiVersion' in step
          ? ({ kind: 'Policy', key: step.metadata.uid!, object: step } as const)
          : 'uid' in step
            ? ({ kind: 'Pod', key: step.uid, object: step } as const)
            : ({ kind: 'Namespace', key: step.name, object: step } as const)
    world = applied(world, change)
    return { change, world, at: START + (i + 1) * gap }
  })
}

const text = ({ subject, generation, isDeletion, ago, what }: BlamedChange) =>
  [
    'policy' in subject ? subject.policy : subject.object,
    generation.some(Number.isNaN) ? '' : `@${generation.join('-')}`,
    isDeletion ? ' deleted' : '',
    ` ${ago}s`,
    what.length > 0 ? ` ${what.join('; ')}` : '',
  ].join('')

const printed = (blame: Blame | undefined) => blame && [text(blame), ...blame.with.map(text)]

function changedOf(policies: readonly PolicyObject[], steps: readonly Step[], after = 8, gap = STEP) {
  const world = { ...quiet, policies }
  const edits = editsOf(world, steps, gap)
  const time = (edits.at(-1)?.at ?? START) + after * 1e6
  const finding = findingOf(timelineOf(world, edits), { from: '10.0.0.1', to: '10.0.0.5', port: 5432, time })
  return printed(finding.ingress?.changed())
}

const admitting = policy('in', 3, ingress(from('api'), from('cart')))
const refusing = policy('in', 4, ingress(from('api')))

const table: readonly [string, ReturnType<typeof changedOf>, readonly string[] | undefined][] = [
  ['an edit', changedOf([admitting], [refusing]), ['data/in@3-4 8s ingress[1] removed']],
  ['a creation', changedOf([], [policy('in', 1, ingress(from('api')))]), ['data/in@0-1 8s']],
  [
    'the deletion of what allowed it',
    changedOf([policy('deny', 1, ingress()), admitting], [{ gone: 'in' }]),
    ['data/in@3-3 deleted 8s'],
  ],
  [
    'a label of the client',
    changedOf([admitting], [pod('shop', 'cart', '10.0.0.1', { app: 'kart' })]),
    ['pod shop/cart 8s label app: cart -> kart'],
  ],
  [
    'a label of its namespace',
    changedOf(
      [policy('in', 1, ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'a' } } }] }))],
      [named('shop')],
    ),
    ['namespace shop 8s label team removed (was a)'],
  ],
  [
    'a label of the server that puts it under a policy',
    changedOf(
      [policy('in', 1, { podSelector: { matchLabels: { guarded: 'yes' } }, policyTypes: ['Ingress'] })],
      [pod('data', 'pg', '10.0.0.5', { app: 'pg', guarded: 'yes' })],
    ),
    ['pod data/pg 8s label guarded added: yes'],
  ],
  ['what has always been so', changedOf([refusing], []), undefined],
  [
    'what others changed',
    changedOf(
      [refusing],
      [pod('data', 'pg', '10.0.0.5', { app: 'pg', more: 'x' }), policy('other', 1, ingress(from('web')))],
    ),
    undefined,
  ],
  [
    'an edit long ago, with one that changed nothing since',
    changedOf([admitting], [refusing, policy('in', 5, ingress(from('web')))]),
    ['data/in@3-4 28s ingress[1] removed'],
  ],
  [
    'two that it took together',
    changedOf([], [policy('a', 1, ingress()), policy('b', 1, ingress())]),
    ['data/b@0-1 8s', 'data/a@0-1 28s'],
  ],
  [
    'the last of two that admitted it',
    changedOf([policy('a', 1, ingress(from('cart'))), admitting], [policy('a', 2, ingress()), refusing]),
    ['data/in@3-4 8s ingress[1] removed'],
  ],
  [
    'the same change, whichever of two states decided',
    changedOf([admitting], [policy('in', 4, ingress(from('api'), from('web'))), refusing], 1, 2e6),
    ['data/in@3-4 3s ingress[1].from[0].podSelector app=cart -> app=web'],
  ],
  [
    'none while two states would blame different ones',
    changedOf([], [policy('a', 1, ingress()), policy('b', 1, ingress())], 1, 2e6),
    undefined,
  ],
]

t.test('the change that decided is named, and none where none did', t => {
  for (const [name, found, wanted] of table) t.same(found, wanted, name)
  t.end()
})

t.test('a packet that met the state before the last change is not blamed on it', t => {
  const world = { ...quiet, policies: [admitting] }
  const edits = editsOf(world, [refusing, policy('in', 5, ingress(from('cart')))], 30e6)
  const time = edits[1]!.at + 1e6
  const { ingress: found } = findingOf(timelineOf(world, edits), {
    from: '10.0.0.1',
    to: '10.0.0.5',
    port: 5432,
    time,
  })
  t.equal(found?.agreement, 'lagging')
  t.same(printed(found?.changed()), ['data/in@3-4 31s ingress[1] removed'])
  t.end()
})

t.test('the age of a change is never negative, however coarse the clock', t => {
  const world = { ...quiet, policies: [admitting] }
  const edits = editsOf(world, [refusing], 30.5e6)
  const packet = { from: '10.0.0.1', to: '10.0.0.5', port: 5432, time: START + 30e6 }
  const { ingress: found } = findingOf(timelineOf(world, edits), packet, 1_000_000)
  t.same(printed(found?.changed()), ['data/in@3-4 0s ingress[1] removed'])
  t.end()
})

t.test('nobody is blamed where it is not known who was at the ends', t => {
  const world = { ...quiet, policies: [admitting] }
  const timeline = timelineOf(world, editsOf(world, [refusing]))
  const time = START + STEP + 8e6
  t.equal(
    findingOf(timeline, { from: '10.0.0.77', to: '10.0.0.5', port: 5432, time }).ingress?.changed(),
    undefined,
  )
  t.equal(
    findingOf(timeline, {
      from: '10.0.0.1',
      to: '10.0.0.5',
      port: 5432,
      time: Number.NaN,
    }).ingress?.changed(),
    undefined,
  )
  t.end()
})

// ---- at random, against a literal search

const firstSeed = Number(process.env.BLAME_SEED ?? 1)
const worlds = casesOf(30, 80, 'BLAME_WORLDS')

/** The history of one denied direction, literally: the world as it was when only some of the edits had been made. */
interface Literal {
  readonly edits: readonly Edit[]
  readonly worlds: readonly World[]
  isAllowed(world: World): boolean
}

/** The world of today, but for the objects of these edits, which are as they were before the oldest of theirs. */
function worldWithout({ edits, worlds }: Literal, undone: readonly number[]): World {
  let world = worlds.at(-1)!
  const oldest = new Map<string, number>()
  for (const i of undone) {
    const key = objectName(worlds[0]!, edits, i)
    oldest.set(key, Math.min(oldest.get(key) ?? i, i))
  }
  for (const [key, i] of oldest) world = restored(world, worlds, edits, key, i)
  return world
}

function restored(
  world: World,
  worlds: readonly World[],
  edits: readonly Edit[],
  key: string,
  i: number,
): World {
  const before = worlds[i]!
  const { change } = edits[i]!
  if (change.kind === 'Policy') {
    const others = world.policies.filter(each => policyName(each) !== key)
    return { ...world, policies: [...others, ...before.policies.filter(each => policyName(each) === key)] }
  }
  const object =
    change.kind === 'Pod'
      ? before.pods.find(({ uid }) => uid === change.key)!
      : before.namespaces.find(({ name }) => name === change.key)!
  return applied(world, { ...change, object } as typeof change)
}

/** What is wrong with an answer; nothing where it is right. */
function wrongs(literal: Literal, found: Blame | undefined): string[] {
  const { edits, worlds, isAllowed } = literal
  const last = worlds.length - 1
  let turning = -1
  for (let before = last - 1; before >= 0 && turning < 0; before--)
    if (isAllowed(worlds[before]!)) turning = before
  if (turning < 0) return found === undefined ? [] : [`blames ${printed(found)}, though it never was allowed`]
  if (found === undefined) return [`blames nothing, though edit ${turning} turned it`]
  const named = [found, ...found.with].map(each => edits.findIndex(edit => edit.at === each.at))
  const said: string[] = []
  if (named.some((each, i) => i > 0 && each >= named[i - 1]!)) said.push(`not newest first: ${named}`)
  if (named.at(-1) !== turning) said.push(`the oldest is ${named.at(-1)}, not ${turning}`)
  if (!isAllowed(worldWithout(literal, named))) said.push(`without ${named} it is still denied`)
  if (named.length > 1 && isAllowed(worldWithout(literal, [turning]))) said.push(`${turning} alone did it`)
  for (const each of named.slice(0, -1))
    if (
      isAllowed(
        worldWithout(
          literal,
          named.filter(other => other !== each),
        ),
      )
    )
      said.push(`${each} is not needed`)
  return said
}

t.test('blame is what a literal search through the history finds', t => {
  let [denied, blamed, together] = [0, 0, 0]
  const differences: string[] = []
  for (let seed = firstSeed; seed < firstSeed + worlds; seed++) {
    const world = anyWorldOf(seed)
    const random = createRandom(seed)
    const edits = historyOf(world, seed, 10)
    const timeline = timelineOf(world, edits)
    const addresses = world.pods.flatMap(({ ips }) => ips.filter(ip => !ip.includes(':')))
    for (let i = 0; i < 40 && addresses.length > 1; i++) {
      const made = random.between(1, edits.length)
      const time = START + made * STEP + 8e6
      const packet = {
        from: random.pick(addresses),
        to: random.pick(addresses),
        port: random.pick([80, 443, 5432]),
        time,
      }
      const { egress, ingress, initiator, responder } = findingOf(timeline, packet)
      if (initiator.kind === 'unknown' || responder.kind === 'unknown') continue
      for (const side of [egress, ingress]) {
        if (side?.verdict !== 'denied' || side.certainty !== 'certain') continue
        denied++
        const found = side.changed()
        if (found !== undefined) blamed++
        if (found !== undefined && found.with.length > 0) together++
        const literal = literalOf(world, edits.slice(0, made), packet, side)
        for (const wrong of wrongs(literal, found))
          differences.push(
            `seed ${seed}, ${made} edits, ${packet.from} -> ${packet.to}:${packet.port} ${side.direction}: ${wrong}`,
          )
      }
    }
  }
  t.same(differences.slice(0, 5), [], `${differences.length} differences`)
  t.comment(`${denied} denials, ${blamed} blamed, ${together} on several changes`)
  t.ok(denied > 5 * worlds, 'there are denials')
  t.ok(blamed > worlds, 'there is something to blame')
  t.ok(together > 0, 'some take several changes')
  t.end()
})

function literalOf(world: World, edits: readonly Edit[], packet: Packet, side: Attribution): Literal {
  const { from, to, port } = packet
  return {
    edits,
    worlds: [world, ...edits.map(edit => edit.world)],
    // A direction without a policy's say is allowed as well.
    isAllowed: each => ask(each, { from, to, port, protocol: 'TCP' })![side.direction] === 'allowed',
  }
}

t.test('a policy that is renamed in one moment is not what made the denial', async t => {
  const world = { ...quiet, policies: [admitting] }
  const steps = [refusing, { gone: 'in' }, policy('lock', 1, ingress(from('api')))]
  const edits = editsOf(world, steps).map(edit => ({ ...edit, at: Math.min(edit.at, START + 2 * STEP) }))
  const time = START + 2 * STEP + 8e6
  const packet = { from: '10.0.0.1', to: '10.0.0.5', port: 5432, time }
  const told = printed(findingOf(timelineOf(world, edits), packet).ingress?.changed())
  t.ok(
    told?.some(each => each.startsWith('data/in@3-4')),
    `the edit before it is told: ${told}`,
  )
})
