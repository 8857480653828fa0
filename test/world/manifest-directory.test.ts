// A directory of manifests as a watch, on real directories: what it tells, when it says that was, and what it refuses.

import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openManifestDirectory } from '../../agent/cluster/index.ts'
import { ManifestLooks } from '../../agent/cluster/manifest-directory-looks.ts'
import { readKinds } from '../../agent/cluster/objects.ts'
import { keyOf } from '../../agent/cluster/same-object.ts'
import { compile } from '../../agent/policy/index.ts'
import { createTimeline, isEqual, type Observed, type TimelineEvent } from '../../agent/timeline/index.ts'
import { RememberingEpoch } from '../timeline/build.ts'

const nowUs = (): number => Date.now() * 1000
const pod = (name: string, app = 'x', uid?: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {app: ${app}}${uid ? `, uid: ${uid}` : ''}}\nstatus: {podIP: 10.0.0.1}\n`
const policy = (name: string, app: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: {podSelector: {matchLabels: {app: ${app}}}}\n`
const many = (...objects: string[]): string => objects.join('---\n')

/** Looks by hand: each `settle` looks until it is said that nothing is left to wait for. */
class Followed {
  readonly path: string
  readonly looks: ManifestLooks
  readonly problems: (string | undefined)[] = []
  #events: TimelineEvent[] = []
  now = Date.now

  constructor(path: string, since?: { objects: readonly Observed[]; lastProof: number }) {
    this.path = path
    this.looks = new ManifestLooks({
      path,
      now: () => this.now(),
      onEvents: events => this.#events.push(...events),
      onProblem: text => this.problems.push(text),
      since,
    })
  }

  write(name: string, text: string): this {
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    writeFileSync(join(this.path, name), text)
    return this
  }

  /** The events since the last time. */
  async settle(): Promise<TimelineEvent[]> {
    for (let i = 0; (await this.looks.look()) === 'settling'; i++) if (i > 5) throw new Error('never settles')
    return this.#events.splice(0)
  }
}

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'culprit-manifests-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const textOf = (event: TimelineEvent): string =>
  `${event.type} ${'observed' in event ? event.observed.name : event.api}`
const textsOf = (events: readonly TimelineEvent[]): string[] => events.map(textOf)
const objectsIn = (events: readonly TimelineEvent[]): string[] =>
  textsOf(events.filter(event => 'observed' in event))
const ctimeOf = (path: string): number => Math.ceil(lstatSync(path).ctimeMs * 1000)
/** The kernel's clock for files goes in steps of some milliseconds. */
const tick = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 20))
const newTimeline = () => createTimeline({}, { compile: () => new RememberingEpoch(new Map()) })

t.test('the initial list is one moment: the latest change of a file or directory', async t => {
  const followed = new Followed(folderOf(t))
  followed
    .write('pods.yaml', many(pod('a'), pod('b')))
    .write('deep/er/policy.yml', policy('p', 'x'))
    .write(
      'list.json',
      JSON.stringify({ kind: 'NamespaceList', apiVersion: 'v1', items: [{ metadata: { name: 'shop' } }] }),
    )
    .write('README.md', 'no manifest')
    .write('.git/x.yaml', 'nonsense: [')
    .write('timeline.jsonl', 'nonsense')
  rmSync(join(followed.path, 'timeline.jsonl'))
  const events = await followed.settle()
  t.same(textsOf(events), [
    ...readKinds.map(kind => `RELIST ${kind}`),
    'ADDED shop/p',
    'ADDED shop',
    'ADDED shop/a',
    'ADDED shop/b',
  ])
  const times = new Set(events.map(({ at }) => at))
  t.same([...times], [ctimeOf(followed.path)], 'the file that was removed last is seen in the directory')
  const timeline = newTimeline()
  for (const event of events) timeline.apply(event)
  const [at] = times
  t.equal(timeline.viewAt(at! + 1).certainty, 'certain')
  t.not(timeline.viewAt(at! - 1).certainty, 'certain')
  t.same(timeline.changes(), [], 'nothing of it is a change')
})

t.test(
  'an edit of a policy without a generation is a change from one to the next, at the time of its file',
  async t => {
    const followed = new Followed(folderOf(t)).write('p.yaml', policy('p', 'x')).write('pods.yaml', pod('a'))
    const timeline = newTimeline()
    for (const event of await followed.settle()) timeline.apply(event)
    await tick()
    followed.write('p.yaml', policy('p', 'y'))
    const events = await followed.settle()
    t.same(textsOf(events), ['MODIFIED shop/p'])
    t.equal(events[0]!.at, ctimeOf(join(followed.path, 'p.yaml')))
    for (const event of events) timeline.apply(event)
    t.match(timeline.drainChanges(), [
      { kind: 'policy', key: 'shop/p', op: 'changed', generation: { from: 1, to: 2 } },
    ])
    followed.write('p.yaml', `# a comment\n${policy('p', 'y')}`)
    t.same(await followed.settle(), [], 'a comment is no change')
  },
)

t.test('what comes later is a creation, even where there was none of its kind at the start', async t => {
  const followed = new Followed(folderOf(t)).write('pods.yaml', pod('a'))
  const timeline = newTimeline()
  for (const event of await followed.settle()) timeline.apply(event)
  followed.write('new/p.yaml', policy('p', 'x'))
  for (const event of await followed.settle()) timeline.apply(event)
  t.match(timeline.drainChanges(), [{ key: 'shop/p', op: 'created', generation: { from: 0, to: 1 } }])
  await tick()
  rmSync(join(followed.path, 'new'), { recursive: true })
  const events = await followed.settle()
  t.same(textsOf(events), ['DELETED shop/p'])
  t.equal(events[0]!.at, ctimeOf(followed.path), 'of the nearest directory that is left')
  for (const event of events) timeline.apply(event)
  t.match(timeline.drainChanges(), [{ key: 'shop/p', op: 'deleted' }])
})

t.test('a pod that was made anew under its name goes and comes', async t => {
  const followed = new Followed(folderOf(t)).write('a.yaml', pod('a', 'x', 'u1'))
  await followed.settle()
  rmSync(join(followed.path, 'a.yaml'))
  followed.write('b.yaml', pod('a', 'x', 'u2'))
  const events = await followed.settle()
  t.same(textsOf(events), ['DELETED shop/a', 'ADDED shop/a'])
})

t.test('a modification time that was carried along by a copy changes nothing', async t => {
  const followed = new Followed(folderOf(t)).write('a.yaml', pod('a'))
  const began = nowUs() - 20_000
  utimesSync(join(followed.path, 'a.yaml'), 1_600_000_000, 1_600_000_000)
  const [first] = await followed.settle()
  t.ok(first!.at > began, 'the initial list')
  const since = nowUs() - 20_000
  followed.write('.b', pod('b'))
  utimesSync(join(followed.path, '.b'), 1_600_000_000, 1_600_000_000)
  renameSync(join(followed.path, '.b'), join(followed.path, 'b.yaml'))
  const [event] = await followed.settle()
  t.ok(event!.at > since && event!.at <= nowUs(), 'a change')
})

t.test("a ConfigMap's swap is a change at the time its link was switched", async t => {
  const folder = folderOf(t)
  const put = (version: number, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(folder, `..${version}`))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `..${version}`, name), text)
  }
  const swap = (version: number): void => {
    symlinkSync(`..${version}`, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  put(1, { 'p.yaml': policy('p', 'x'), 'q.yaml': policy('q', 'x') })
  swap(1)
  for (const name of ['p.yaml', 'q.yaml']) symlinkSync(`..data/${name}`, join(folder, name))
  const followed = new Followed(folder)
  t.same(objectsIn(await followed.settle()), ['ADDED shop/p', 'ADDED shop/q'])
  put(2, { 'p.yaml': policy('p', 'y'), 'q.yaml': policy('q', 'x') })
  t.same(await followed.settle(), [], 'what is not in place yet is not seen')
  await tick()
  swap(2)
  const events = await followed.settle()
  t.same(textsOf(events), ['MODIFIED shop/p'])
  t.equal(events[0]!.at, ctimeOf(join(folder, '..data')))
  t.ok(statSync(join(folder, 'p.yaml')).ctimeMs * 1000 < events[0]!.at, 'the file itself is older')
})

t.test('a directory that is moved here with old files in it counts from its coming', async t => {
  const folder = folderOf(t)
  mkdirSync(join(folder, 'm'))
  const followed = new Followed(join(folder, 'm')).write('a.yaml', pod('a'))
  mkdirSync(join(folder, 'aside'))
  writeFileSync(join(folder, 'aside', 'b.yaml'), pod('b'))
  await tick()
  await followed.settle()
  await tick()
  renameSync(join(folder, 'aside'), join(folder, 'm', 'aside'))
  const [event] = await followed.settle()
  t.equal(textOf(event!), 'ADDED shop/b')
  // Not every file system changes the time of what is renamed, but each that of the directory it comes into.
  t.ok([join(folder, 'm', 'aside'), join(folder, 'm')].map(ctimeOf).includes(event!.at))
})

t.test('a file that is being written is not taken for whole', async t => {
  const followed = new Followed(folderOf(t)).write('pods.yaml', many(pod('a'), pod('b')))
  await followed.settle()
  followed.write('pods.yaml', pod('a'))
  t.equal(await followed.looks.look(), 'settling')
  appendFileSync(join(followed.path, 'pods.yaml'), `---\n${pod('b')}---\n${pod('c')}`)
  t.equal(await followed.looks.look(), 'settling')
  t.same(textsOf(await followed.settle()), ['ADDED shop/c'])
})

t.test('what changes while it is read is looked at once more', async t => {
  const followed = new Followed(folderOf(t)).write('a.yaml', pod('a')).write('b.yaml', pod('b'))
  t.equal(await followed.looks.look(), 'settling')
  const looking = followed.looks.look()
  followed.write('b.yaml', pod('c'))
  t.equal(await looking, 'settling')
  t.same(objectsIn(await followed.settle()), ['ADDED shop/a', 'ADDED shop/c'])
})

t.test(
  'a state that cannot be read is refused as a whole, and what is certain ends with the one before',
  async t => {
    const followed = new Followed(folderOf(t)).write('p.yaml', policy('p', 'x')).write('a.yaml', pod('a'))
    const timeline = newTimeline()
    for (const event of await followed.settle()) timeline.apply(event)
    const proof = followed.looks.lastProof
    followed
      .write('p.yaml', 'kind: [')
      .write('a.yaml', pod('a', 'y'))
      .write('b.yaml', `${pod('b')}- x\n`)
    const lost = await followed.settle()
    t.same(
      textsOf(lost),
      readKinds.map(kind => `LOST ${kind}`),
    )
    t.same([...new Set(lost.map(({ at }) => at))], [proof])
    t.match(followed.problems, [/^Cannot read ".*b\.yaml": document 1, line \d+: .* \(and 1 more problem\)$/])
    t.equal(followed.looks.objects.length, 2, 'the last good state goes on')
    t.equal(followed.looks.lastProof, proof)
    t.same(await followed.settle(), [], 'said once')
    followed.write('b.yaml', pod('b'))
    t.same(await followed.settle(), [])
    t.match(followed.problems[1], /p\.yaml": document 1, line 1: /, 'another problem is said')
    for (const event of lost) timeline.apply(event)
    await tick()
    followed.write('p.yaml', policy('p', 'y'))
    const events = await followed.settle()
    t.same(textsOf(events), [
      ...readKinds.map(kind => `RELIST ${kind}`),
      'ADDED shop/a',
      'ADDED shop/b',
      'ADDED shop/p',
    ])
    t.match(events[0], { lastProof: proof, at: ctimeOf(join(followed.path, 'p.yaml')) })
    t.same([followed.problems.length, followed.problems[2]], [3, undefined])
    for (const event of events) timeline.apply(event)
    t.match(timeline.drainChanges(), [
      { key: 'shop/a', op: 'changed', gap: true },
      { key: 'shop/p', op: 'changed', generation: { from: 1, to: 2 }, gap: true },
    ])
    t.not(timeline.viewAt((proof + events[0]!.at) / 2).certainty, 'certain')
  },
)

t.test('what could not be taken is told anew', async t => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'a.yaml'), pod('a'))
  const said: string[] = []
  let isBroken = false
  const looks = new ManifestLooks({
    path: folder,
    now: Date.now,
    onEvents(events) {
      const [first] = events
      if (isBroken && first!.type !== 'LOST') throw new Error('no room')
      said.push(`${first!.type} ${events.length}`)
    },
    onProblem: text => said.push(String(text)),
  })
  const settle = async (): Promise<void> => {
    while ((await looks.look()) === 'settling');
  }
  await settle()
  isBroken = true
  writeFileSync(join(folder, 'a.yaml'), pod('a', 'y'))
  await settle()
  await settle()
  isBroken = false
  await settle()
  const kinds = readKinds.length
  t.same(said, [
    `RELIST ${kinds + 1}`,
    `Cannot follow "${folder}": no room`,
    `LOST ${kinds}`,
    `RELIST ${kinds + 1}`,
    'undefined',
  ])
})

t.test('a directory that is missing, empty or no directory is said, and read when it comes', async t => {
  const folder = folderOf(t)
  const followed = new Followed(join(folder, 'm'))
  t.same(await followed.settle(), [])
  mkdirSync(followed.path)
  await followed.settle()
  rmSync(followed.path, { recursive: true })
  writeFileSync(followed.path, pod('a'))
  await followed.settle()
  rmSync(followed.path)
  followed.write('secret.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n')
  t.same(
    textsOf(await followed.settle()),
    readKinds.map(kind => `RELIST ${kind}`),
    'objects of other kinds are a state too',
  )
  t.same([...followed.looks.ignored], [['Secret', 1]])
  symlinkSync('.', join(followed.path, 'loop'))
  await followed.settle()
  rmSync(join(followed.path, 'loop'))
  symlinkSync('nowhere', join(followed.path, 'x.yaml'))
  await followed.settle()
  const at = JSON.stringify(followed.path)
  t.same(followed.problems, [
    `Cannot read ${at}: there is no such file or directory`,
    `Cannot read ${at}: it holds no Kubernetes object in *.yaml, *.yml or *.json`,
    `Cannot read ${at}: it is a file; manifests is a directory of them`,
    undefined,
    `Cannot read ${JSON.stringify(join(followed.path, 'loop'))}: its symbolic links lead in a circle`,
    `Cannot read ${JSON.stringify(join(followed.path, 'x.yaml'))}: there is no such file or directory`,
  ])
})

t.test('two different objects of one name are refused, the same one twice is not', async t => {
  const followed = new Followed(folderOf(t)).write('a.yaml', pod('a')).write('b.yaml', pod('a'))
  t.same(objectsIn(await followed.settle()), ['ADDED shop/a'])
  followed.write('b.yaml', pod('a', 'y'))
  await followed.settle()
  t.match(followed.problems, [/^Cannot read ".*b\.yaml": Pod shop\/a is defined differently in ".*a\.yaml"$/])
})

t.test('after a restart the directory is listed anew since the last proof', async t => {
  const before = new Followed(folderOf(t)).write('p.yaml', policy('p', 'x')).write('q.yaml', policy('q', 'x'))
  const first = await before.settle()
  before.write('q.yaml', policy('q', 'y'))
  // A proof has milliseconds, a file's time microseconds.
  await tick()
  const second = await before.settle()
  const { objects, lastProof } = before.looks
  const same = new Followed(before.path, { objects, lastProof })
  const again = await same.settle()
  t.match(
    again[0],
    { type: 'RELIST', lastProof, at: lastProof },
    'nothing has changed, so nothing is in doubt',
  )
  const timeline = newTimeline()
  for (const event of [...first, ...second, ...again]) timeline.apply(event)
  t.equal(timeline.changes().length, 1)
  t.equal(timeline.viewAt(Number.POSITIVE_INFINITY).certainty, 'certain')

  await tick()
  rmSync(join(before.path, 'p.yaml'))
  before.write('q.yaml', policy('q', 'z'))
  const changed = new Followed(before.path, { objects, lastProof })
  const events = await changed.settle()
  t.ok(events[0]!.at > lastProof)
  t.match(events.at(-1), {
    type: 'ADDED',
    observed: { name: 'shop/q', object: { metadata: { generation: 3 } } },
  })
  for (const event of events) timeline.apply(event)
  const changes = timeline.changes().slice(1)
  t.match(
    changes.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    [
      { key: 'shop/p', op: 'deleted', gap: true },
      { key: 'shop/q', op: 'changed', gap: true, generation: { from: 2, to: 3 } },
    ],
  )
})

t.test('where nobody looked for long, what changed may have changed more than once', async t => {
  const followed = new Followed(folderOf(t)).write('p.yaml', policy('p', 'x'))
  await followed.settle()
  const { lastProof } = followed.looks
  followed.write('p.yaml', policy('p', 'y'))
  followed.now = () => Date.now() + 60_000
  const events = await followed.settle()
  t.match(events[0], { type: 'RELIST', lastProof })
  followed.now = () => Date.now() + 120_000
  t.same(await followed.settle(), [], 'where nothing changed, nothing is in doubt')
})

t.test('whatever is done to the directory, the events give its objects, in their time', async t => {
  const object = fc.tuple(
    fc.constantFrom('pod', 'policy'),
    fc.constantFrom(...'abcdef'),
    fc.constantFrom('x', 'y'),
  )
  const step = fc.record({
    file: fc.constantFrom('a.yaml', 'b.yaml', 'sub/c.yaml', 'sub/deep/d.yaml'),
    objects: fc.array(object, { maxLength: 3 }),
    how: fc.constantFrom('write', 'write', 'rename', 'rename', 'remove', 'cut'),
  })
  const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
  let good = 0
  const play = async (program: readonly (readonly Step[])[]): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'culprit-manifests-'))
    try {
      const followed = new Followed(folder)
      const told = new Map<string, Observed>()
      for (const round of program) {
        for (const each of round) perform(folder, each)
        if (await isTold(followed, told)) good++
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  await fc.assert(fc.asyncProperty(rounds, play), { numRuns: 60 })
  t.ok(good > 20, 'many states could be read')
})

interface Step {
  readonly file: string
  readonly objects: readonly (readonly string[])[]
  readonly how: string
}

/** Looks, and compares what was told with what is there; false where it cannot be read. */
async function isTold(followed: Followed, told: Map<string, Observed>): Promise<boolean> {
  const { lastProof } = followed.looks
  for (const event of await followed.settle()) {
    if (event.at < lastProof || event.at > nowUs()) throw new Error('out of its time')
    replay(told, event)
  }
  if (followed.problems.at(-1) !== undefined) return false
  const now = Object.fromEntries(followed.looks.objects.map(each => [keyOf(each), each]))
  if (!isEqual(undated(Object.fromEntries(told)), undated(now)))
    throw new Error('the events give another state')
  const fresh = objectsIn(await new Followed(followed.path).settle()).map(text => text.split(' ')[1]!)
  const names = Object.values(now).map(({ name }) => name)
  if (!isEqual(fresh.sort(), names.sort())) throw new Error('not what is there')
  return true
}

function perform(folder: string, { file, objects, how }: Step): void {
  const path = join(folder, file)
  const text = many(
    ...objects.map(([kind, name, app]) => (kind === 'pod' ? pod(name!, app) : policy(name!, app!))),
  )
  mkdirSync(dirname(path), { recursive: true })
  if (how === 'remove') rmSync(path, { force: true })
  else if (how === 'rename') {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  } else writeFileSync(path, how === 'cut' ? text.slice(0, text.length / 2) : text)
}

function replay(told: Map<string, Observed>, event: TimelineEvent): void {
  if (event.type === 'RELIST') {
    for (const [key, { api }] of told) if (api === event.api) told.delete(key)
  } else if (event.type === 'DELETED') told.delete(keyOf(event.observed))
  else if (event.type !== 'LOST') told.set(keyOf(event.observed), event.observed)
}

t.test('openManifestDirectory() follows it by itself until it is told to stop', async t => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'p.yaml'), policy('p', 'x'))
  const end = new AbortController()
  const batches: (readonly TimelineEvent[])[] = []
  let tell = (): void => {}
  const directory = await openManifestDirectory({
    path: folder,
    now: Date.now,
    pollMs: 10,
    settleMs: 10,
    signal: end.signal,
    onEvents(events) {
      batches.push(events)
      tell()
    },
    onProblem: text => t.fail(String(text)),
  })
  t.same(objectsIn(batches.splice(0).flat()), ['ADDED shop/p'])
  t.equal(directory.objects.length, 1)
  const told = new Promise<void>(resolve => {
    tell = resolve
  })
  writeFileSync(join(folder, 'p.yaml'), policy('p', 'y'))
  await told
  t.same(textsOf(batches.flat()), ['MODIFIED shop/p'])
  end.abort()
  await directory.done
})

/** An event of a change says when its file was written, which the file's object does not. */
function undated(objects: Readonly<Record<string, Observed>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(objects).map(([key, { stamp: _, ...rest }]) => [key, rest]))
}

t.test(
  'what a file says was not there before it was written, as a late watch event might have been',
  async t => {
    const followed = new Followed(folderOf(t)).write('a.yaml', many(policy('p', 'x'), pod('q')))
    const events = await followed.settle()
    const editedFrom = nowUs()
    events.push(...(await followed.write('a.yaml', many(policy('p', 'y'), pod('q'))).settle()))
    const timeline = createTimeline({ events }, { compile: world => compile(world, { profile: 'upstream' }) })
    const [edit] = timeline.changes()
    t.equal(edit?.op, 'changed')
    t.ok(edit!.earliest > editedFrom - 1_100_000, 'a second before it at most, by which clocks may differ')
    t.same(
      timeline.viewAt(editedFrom - 3_000_000).ahead.map(({ changes }) => changes.length),
      [],
      'three seconds before, it is no explanation',
    )
  },
)
