// Sources that open, fail, come again and go, and where each stands.

import t from 'tap'
import { zeroCounts } from '../agent/counts.ts'
import type { ForensicRecord } from '../agent/forensics/record.ts'
import { openIntake } from '../agent/intake.ts'
import type { Pipeline } from '../agent/pipeline.ts'
import type { LiveSource, Receiver, SourceGap } from '../agent/source/receiver.ts'
import { createSources, type SourceSpec, type SourceState } from '../agent/sources.ts'
import { formatByName } from '../collectors/index.ts'
import { denial, start } from './crash/stage.ts'

interface Fake extends SourceSpec {
  readonly opened: unknown[]
  receiver: Receiver | undefined
  position: unknown
  problem: string | undefined
  isClosed: boolean
}

function fake(name: string, identity = ''): Fake {
  const self: Fake = {
    name,
    title: `the ${name}`,
    format: 'netfilter-log',
    identity,
    isSpared: false,
    opened: [],
    receiver: undefined,
    position: 0,
    problem: undefined,
    isClosed: false,
    createCollector: () =>
      formatByName('netfilter-log')!.create({
        zone: wall => wall,
        year: 2026,
        prefixes: [],
        bootTime: Number.NaN,
      }),
    open(receiver, from): LiveSource {
      if (self.problem !== undefined) throw new Error(self.problem)
      self.opened.push(from)
      self.receiver = receiver
      return {
        format: 'netfilter-log',
        name,
        position: () => self.position,
        async [Symbol.asyncDispose]() {
          self.isClosed = true
        },
      }
    },
  }
  return self
}

function stage(restored: Record<string, SourceState> = {}, restoredAt?: number) {
  const troubles: string[] = []
  const gaps: SourceGap[] = []
  const clock = { now: start, isFull: false }
  const records: ForensicRecord[] = []
  const emit = (record: ForensicRecord): void => void records.push(record)
  const shared = { take() {}, emit, counts: zeroCounts(), node: 'w1', isShort: () => false }
  const pipeline = { open: options => openIntake(options, shared) } as Pick<Pipeline, 'open'> as Pipeline
  const sources = createSources({
    pipeline,
    restored: new Map(Object.entries(restored)),
    restoredAt,
    isFull: () => clock.isFull,
    now: () => clock.now,
    events: {
      opened: ({ name }) => troubles.push(`${name} open`),
      trouble: ({ name }, text) => troubles.push(`${name}: ${text ?? 'well'}`),
      gap: (_, gap) => gaps.push(gap),
      rotated: ({ name }) => troubles.push(`${name} rotated`),
    },
  })
  return { sources, troubles, gaps, clock, records }
}

t.test('a source goes on where it stood', async t => {
  const { sources } = stage({ a: { position: 7 } }, start)
  t.match(sources.positions(), { a: { position: 7 } }, 'also before it is open')
  const a = fake('a')
  a.position = 9
  await sources.set([a])
  t.strictSame(a.opened, [7])
  t.strictSame(sources.positions(), { a: { position: 9 } })
})

t.test('another file under the name of an earlier one is a rotation; what is no file has none', async t => {
  const { sources, troubles } = stage()
  const a = fake('a')
  await sources.set([a])
  const first = a.receiver!.open({ stream: '1', file: '/log/a' })
  a.receiver!.open({ stream: '2', file: '/log/b' })
  a.receiver!.open({ stream: 'kmsg', file: undefined })
  a.receiver!.open({ stream: 'kmsg', file: undefined })
  t.strictSame(troubles, ['a open'])
  first.end()
  a.receiver!.open({ stream: '3', file: '/log/a' })
  t.strictSame(troubles, ['a open', 'a rotated'])
})

t.test('one that cannot be opened is said once, keeps where it stood, and is tried again', async t => {
  const { sources, troubles } = stage({ a: { position: 7 } }, start)
  const a = fake('a')
  a.problem = 'Cannot read "a"'
  await sources.set([a])
  await sources.retry()
  t.strictSame(troubles, ['a: Cannot read "a"'])
  t.strictSame(sources.troubles(), [{ title: 'the a', text: 'Cannot read "a"' }])
  t.strictSame(sources.positions(), { a: { position: 7 } })
  a.problem = undefined
  await sources.retry()
  t.strictSame(troubles.slice(1), ['a: well', 'a open'])
  t.strictSame(a.opened, [7])
})

t.test(
  'what is not wanted any more is closed, what changed is opened anew where it stood, the rest stays',
  async t => {
    const { sources } = stage()
    const [a, b, c] = [fake('a'), fake('b', 'one'), fake('c')]
    await sources.set([a, b, c])
    b.position = 5
    const other = fake('b', 'two')
    await sources.set([a, other])
    t.strictSame([a.isClosed, b.isClosed, c.isClosed], [false, true, true])
    t.strictSame(other.opened, [5])
    t.equal(a.opened.length, 1)
    t.strictSame(
      sources.open.map(({ name }) => name),
      ['a', 'b'],
    )
  },
)

t.test('where nothing can be read again, the time without an agent is a gap', async t => {
  const { sources, gaps } = stage({ a: { position: null }, b: { position: 3 } }, start - 60_000)
  await sources.set([fake('a'), fake('b'), fake('c')])
  t.match(gaps, [{ cause: /not reading/, from: (start - 60_000) * 1000, to: start * 1000 }])
  t.equal(gaps.length, 1)
})

t.test('a source that reads what is past is behind, one that keeps up is not', async t => {
  const { sources, clock } = stage()
  const a = fake('a')
  await sources.set([a])
  t.equal(sources.behind(), undefined)
  const inlet = a.receiver!.open({ stream: 's', file: '/log' })
  const { bytes } = denial(start - 3_600_000, '203.0.113.9')
  inlet.line(bytes, 0, bytes.length - 1, 0)
  t.equal(sources.behind(), (start - 3_600_000) * 1000)
  t.equal(sources.behind(), undefined, 'nothing came since')
  clock.now = start - 3_600_000
  inlet.line(bytes, 0, bytes.length - 1, 1)
  t.equal(sources.behind(), undefined)
})

t.test('a source that has to wait is behind although nothing comes of it', async t => {
  const { sources, clock } = stage()
  const a = fake('a')
  await sources.set([a])
  const inlet = a.receiver!.open({ stream: 's', file: '/log' })
  const { bytes } = denial(start, '203.0.113.9')
  inlet.line(bytes, 0, bytes.length - 1, 0)
  clock.isFull = true
  t.equal(sources.behind(), undefined, 'not for long yet')
  clock.now += 20_000
  t.equal(sources.behind(), start * 1000)
  t.equal(sources.behind(), start * 1000, 'for as long as it waits')
  clock.isFull = false
  t.equal(sources.behind(), undefined)
})

t.test('what streams have not handed on is kept for a restart, and they go on with it', async t => {
  const { sources } = stage()
  const a = fake('a')
  await sources.set([a])
  const inlet = a.receiver!.open({ stream: 's', file: '/log' })
  const { bytes } = denial(start, '203.0.113.9')
  inlet.line(bytes, 0, bytes.length - 1, 0)
  const broken = Buffer.from('2026-11-24T10:00:01+00:00 w1 kernel: IN=a OUT=b SRC=10.0.0\n')
  inlet.line(broken, 0, broken.length - 1, 200)
  const [state] = Object.values(
    JSON.parse(JSON.stringify(sources.positions())) as Record<string, SourceState>,
  )
  t.match(state?.intakes, { '/log': { time: start * 1000, broken: { lines: 1, offset: 200 } } })
})

t.test('lines that cannot be read are told of now and then, also where no other line ever comes', async t => {
  const { sources, clock, records } = stage()
  const source = fake('kern')
  await sources.set([source])
  const inlet = source.receiver!.open({ stream: 's', file: undefined })
  const say = (line: Buffer, offset: number) => inlet.line(line, 0, line.length - 1, offset)
  const broken = Buffer.from('np-drop IN=a OUT=b SRC=zz \n')
  for (const [i, line] of [broken, denial(start, '10.0.0.7').bytes, broken].entries()) say(line, i)
  t.same(records, [], 'not of each')
  clock.now += 10_000
  sources.settle()
  t.match(records, [{ event: 'evidence.gap', lost: 2, to: new Date(clock.now).toISOString() }])
  sources.settle()
  t.equal(records.length, 1, 'once')
  say(broken, 3)
  await sources.close(1000)
  t.match(records[1], { lost: 1, to: String })
})
