// A batch is committed with what it stands for before anybody has it; where it cannot be, it goes out all the same.

import * as nodeFs from 'node:fs'
import t from 'tap'
import type { ForensicRecord } from '../agent/forensics/record.ts'
import { createOutbox, type Outbox, type OutboxOptions } from '../agent/outbox.ts'
import { NO_CHANGES, type PipelineChanges } from '../agent/pipeline-state.ts'
import type { Segments } from '../agent/sink/segments.ts'
import { type Checkpoint, openCheckpoint } from '../agent/source/checkpoint.ts'

const start = Date.parse('2026-11-24T10:00:00Z')

function record(i: number): ForensicRecord {
  return { v: 1, id: `R${i}`, event: 'policy.changed', policy: 'a/b', op: 'changed' }
}

interface Stage {
  readonly outbox: Outbox
  readonly checkpoint: Checkpoint
  readonly clock: { now: number }
  readonly positions: Record<string, unknown>
  /** What the pipeline has to tell at the next commit. */
  readonly state: { next: PipelineChanges; all: PipelineChanges }
  readonly given: string[]
  readonly problems: (string | undefined)[]
  /** Writing of the checkpoint fails. */
  readonly disk: { isFull: boolean }
  /** Everything that a restart would find. */
  readonly restored: () => Checkpoint['restored']
}

const slot = (n: number): PipelineChanges => ({
  ...NO_CHANGES,
  fold: [[n, ['k', 'flow.denied', 'id'], 0, 1, 0, n, 0]],
})

function stage(dir: string, options: Partial<OutboxOptions> = {}): Stage {
  const clock = { now: start }
  const disk = { isFull: false }
  const positions: Record<string, unknown> = { a: 0, b: 0 }
  const state = { next: NO_CHANGES, all: NO_CHANGES }
  const given: string[] = []
  const problems: (string | undefined)[] = []
  const checkpoint = openCheckpoint(dir, {
    ...nodeFs,
    writeSync: ((...args: Parameters<typeof nodeFs.writeSync>) => {
      if (disk.isFull) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
      return nodeFs.writeSync(...args)
    }) as typeof nodeFs.writeSync,
  })
  const outbox = createOutbox({
    checkpoint,
    segments: undefined,
    sinks: [
      {
        write(record) {
          const isCommitted = openCheckpoint(dir).restored.some(commit =>
            commit.records?.some(each => (each as ForensicRecord).id === record.id),
          )
          given.push(`${record.id}${isCommitted ? '' : ' uncommitted'}`)
        },
        flush: async () => {},
      },
    ],
    positions: () => ({ ...positions }),
    changes(all) {
      if (all) return state.all
      const { next } = state
      state.next = NO_CHANGES
      return next
    },
    now: () => clock.now,
    onProblem: problem => problems.push(problem?.message),
    onSinkError: error => {
      throw error
    },
    ...options,
  })
  const restored = () => openCheckpoint(dir).restored
  return { outbox, checkpoint, clock, positions, state, given, problems, disk, restored }
}

function push(outbox: Outbox, i: number): void {
  outbox.push(record(i), JSON.stringify(record(i)))
}

t.test('no record is given to anybody before its commit stands', async t => {
  const { outbox, given } = stage(t.testdir())
  outbox.commit(true)
  push(outbox, 1)
  push(outbox, 2)
  t.strictSame(given, [])
  t.ok(outbox.waitingBytes > 0)
  outbox.tick()
  t.strictSame(given, ['R1', 'R2'])
  t.equal(outbox.waitingBytes, 0)
})

t.test('a commit says what moved, and is not made where nothing did', async t => {
  const { outbox, positions, state, restored, clock } = stage(t.testdir())
  state.all = slot(1)
  outbox.commit(true)
  clock.now += 50
  outbox.tick()
  t.equal(restored().length, 1, 'not yet')
  clock.now += 1000
  outbox.tick()
  t.equal(restored().length, 1, 'nothing moved')
  positions.b = 7
  state.next = slot(2)
  outbox.tick()
  t.equal(restored().length, 1, 'a moment is waited for more')
  clock.now += 1000
  outbox.tick()
  t.strictSame(JSON.parse(JSON.stringify(restored())), [
    { at: start, sources: { a: 0, b: 0 }, state: slot(1) },
    { at: clock.now, sources: { b: 7 }, state: slot(2) },
  ])
})

t.test('records go out where the checkpoint fails, and when it works again all is written anew', async t => {
  const { outbox, given, disk, problems, state, positions, restored, clock } = stage(t.testdir())
  outbox.commit(true)
  disk.isFull = true
  state.next = slot(1)
  positions.a = 3
  for (const i of [1, 2]) {
    push(outbox, i)
    outbox.tick()
  }
  t.strictSame(given, ['R1 uncommitted', 'R2 uncommitted'])
  t.strictSame(problems, ['ENOSPC: no space left'], 'it is said once')
  t.equal(restored().length, 1)
  disk.isFull = false
  state.all = slot(5)
  push(outbox, 3)
  clock.now += 50
  outbox.tick()
  t.strictSame(problems, ['ENOSPC: no space left', undefined])
  t.strictSame(given.slice(2), ['R3'])
  t.strictSame(JSON.parse(JSON.stringify(restored())), [
    { at: clock.now, sources: { a: 3, b: 0 }, state: slot(5), records: [record(3)] },
  ])
})

t.test('a new file of state begins after a minute, or where the clock was set back', async t => {
  const { outbox, clock, restored } = stage(t.testdir())
  outbox.commit(true)
  for (const [i, pass] of [59_000, 2_000, -3_600_000].entries()) {
    clock.now += pass
    push(outbox, i)
    outbox.tick()
    t.equal(restored().length, i === 0 ? 2 : 1, `${pass} ms`)
  }
})

interface FakeSegments {
  readonly segments: Segments
  readonly lines: string[]
  safe: number
}

function fakeSegments(): FakeSegments {
  const fake = { lines: [] as string[], safe: 0 }
  const segments = {
    write: (_: ForensicRecord, json: string) => fake.lines.push(json),
    flush: async () => {},
    sync: async () => {
      fake.safe = fake.lines.length
    },
    get safe() {
      return fake.safe
    },
  } as unknown as Segments
  return Object.assign(fake, { segments })
}

const ids = (commits: Checkpoint['restored']) =>
  commits.flatMap(commit => (commit.records ?? []).map(each => (each as ForensicRecord).id))

t.test(
  'what may not be safe at rest stands in a new file of state too, and what is safe does not',
  async t => {
    const rest = fakeSegments()
    const { outbox, restored } = stage(t.testdir(), { segments: rest.segments })
    outbox.commit(true)
    for (const i of [1, 2, 3]) push(outbox, i)
    outbox.tick()
    rest.safe = 2
    push(outbox, 4)
    outbox.commit(true)
    t.strictSame(ids(restored()), ['R3', 'R4'])
    rest.safe = 3
    push(outbox, 5)
    outbox.commit(true)
    t.strictSame(ids(restored()), ['R4', 'R5'])
    rest.safe = 5
    outbox.commit(true)
    t.strictSame(ids(restored()), [])
  },
)

t.test('records at rest are made safe after so many, or so long', async t => {
  const rest = fakeSegments()
  const { outbox, clock } = stage(t.testdir(), { segments: rest.segments })
  outbox.commit(true)
  push(outbox, 0)
  outbox.tick()
  t.equal(rest.safe, 0)
  clock.now += 6_000
  outbox.tick()
  t.equal(rest.safe, 1, 'so long')
  for (let i = 1; i <= 1000; i++) push(outbox, i)
  outbox.tick()
  t.equal(rest.safe, 1001, 'so many')
})

t.test('it is full when records wait for megabytes, or when a destination is', async t => {
  let isFull = false
  const sink = {
    write() {},
    flush: async () => {},
    get isFull() {
      return isFull
    },
  }
  const { outbox } = stage(t.testdir(), { sinks: [sink] })
  outbox.commit(true)
  t.notOk(outbox.isFull)
  isFull = true
  t.ok(outbox.isFull)
  isFull = false
  outbox.push(record(1), JSON.stringify({ ...record(1), text: 'x'.repeat(4 * 1024 * 1024) }))
  t.ok(outbox.isFull)
  outbox.tick()
  t.notOk(outbox.isFull)
})

t.test('sources wait while the disk is slow, not while it takes nothing at all', async t => {
  const rest = fakeSegments()
  const { outbox } = stage(t.testdir(), { segments: rest.segments })
  outbox.commit(true)
  t.notOk(outbox.isFull)
  Object.assign(rest.segments, { heldShare: 0.6 })
  t.ok(outbox.isFull)
  Object.assign(rest.segments, { problem: new Error('ENOSPC') })
  t.notOk(outbox.isFull, 'waiting would only lose what comes meanwhile')
})

t.test('a state that is large is not written anew with every commit', async t => {
  const { outbox, state, checkpoint, restored } = stage(t.testdir())
  state.all = {
    ...NO_CHANGES,
    fold: [[0, ['k'.repeat(5 * 1024 * 1024), 'flow.denied', 'id'], 0, 1, 0, 1, 0]],
  }
  outbox.commit(true)
  const whole = checkpoint.size
  for (const i of [1, 2, 3]) {
    push(outbox, i)
    outbox.tick()
  }
  t.equal(restored().length, 4)
  t.ok(checkpoint.size < whole + 10_000)
})

t.test('one destination that fails keeps nothing from the others', async t => {
  const errors: string[] = []
  const given: string[] = []
  const broken = { write() {}, flush: () => Promise.reject(new Error('gone')) }
  const well = { write: (record: ForensicRecord) => given.push(record.id), flush: async () => {} }
  const { outbox } = stage(t.testdir(), {
    checkpoint: undefined,
    sinks: [broken, well],
    onSinkError: error => errors.push(error.message),
  })
  push(outbox, 1)
  outbox.tick()
  await outbox.flush()
  t.strictSame(given, ['R1'])
  t.ok(errors.includes('gone'))
})

t.test('a line is answered when its record is written, not while it waits or is held', async t => {
  const written: number[] = []
  const flushed = Promise.withResolvers<void>()
  const sink = { write() {}, flush: () => flushed.promise }
  const segments = { ...sink, problem: undefined as Error | undefined, heldShare: 0, safe: 0 }
  const { outbox } = stage(t.testdir(), {
    sinks: [],
    segments: segments as unknown as Segments,
    onWritten: came => written.push(came),
  })
  outbox.push(record(1), '{}', 17)
  outbox.push(record(2), '{}')
  outbox.tick()
  await new Promise(setImmediate)
  t.strictSame(written, [], 'given, and not yet written')
  flushed.resolve()
  await new Promise(setImmediate)
  t.strictSame(written, [17], 'the second one answers no line')
  segments.problem = new Error('ENOSPC')
  outbox.push(record(3), '{}', 18)
  outbox.tick()
  await new Promise(setImmediate)
  t.strictSame(written, [17])
})
