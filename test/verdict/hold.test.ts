import fc from 'fast-check'
import t from 'tap'
import type { Finding } from '../../agent/verdict/finding.ts'
import { createHold, heldBytes, isAwaited } from '../../agent/verdict/hold.ts'
import { createFlow } from '../../collectors/flow.ts'

const limits = { ms: 2000, capacity: 4, maxBytes: 100 }

t.test('one that is awaited waits until it is known, or until its time is up', async t => {
  const gone: string[] = []
  const known = new Set<string>()
  const hold = createHold<string>(limits, (item, came) => gone.push(`${item} of ${came}`))
  const advance = (now: number) => hold.advance(now, item => !known.has(item))
  advance(10_000)
  hold.push('a', 10, 7)
  hold.push('b', 10, 8)
  advance(11_000)
  t.strictSame(gone, [])
  known.add('b')
  advance(11_250)
  t.strictSame(gone, ['b of 8'], 'it does not wait for those before it')
  advance(12_000)
  t.strictSame(gone, ['b of 8', 'a of 7'])
  t.strictSame([hold.held, hold.expired, hold.displaced, hold.size, hold.bytes], [2, 1, 0, 0, 0])
})

t.test('a clock that is set back makes nothing wait longer than the time that passes', async t => {
  const gone: string[] = []
  const hold = createHold<string>(limits, item => gone.push(item))
  hold.push('a', 10, 0)
  for (const now of [50_000, 51_000, 20_000, 20_900]) hold.advance(now, () => true)
  t.strictSame(gone, [])
  hold.advance(21_100, () => true)
  t.strictSame(gone, ['a'])
})

/** A second, literal hold: what would be let go, and when. */
t.test('every one goes exactly once, in time, and the queue is never larger than it may be', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 120 }) }),
      fc.record({ wait: fc.nat(900) }),
      fc.record({ know: fc.nat(40) }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, program => {
      const gone: number[] = []
      const known = new Set<number>()
      const hold = createHold<number>(limits, item => gone.push(item))
      let model: { item: number; bytes: number; at: number }[] = []
      const expected: number[] = []
      let now = 0
      let next = 0
      hold.advance(now, () => true)
      for (const step of program) {
        if ('push' in step) {
          model.push({ item: next, bytes: step.push, at: now })
          hold.push(next++, step.push, now)
          const bytes = () => model.reduce((sum, each) => sum + each.bytes, 0)
          while (model.length > 4 || bytes() > 100) expected.push(model.shift()!.item)
        } else if ('know' in step) known.add(step.know)
        else {
          now += step.wait
          const isOver = (each: (typeof model)[number]) => known.has(each.item) || now >= each.at + 2000
          expected.push(...model.filter(isOver).map(each => each.item))
          model = model.filter(each => !isOver(each))
          hold.advance(now, item => !known.has(item))
        }
        if (hold.size > 4 || hold.bytes > 100) throw new Error(`${hold.size} of ${hold.bytes} bytes`)
        if (String(gone) !== String(expected)) throw new Error(`went ${gone}, should ${expected}`)
      }
      hold.drain()
      expected.push(...model.map(each => each.item))
      if (String(gone) !== String(expected)) throw new Error(`drained ${gone}, should ${expected}`)
      if (hold.held !== next || hold.size !== 0 || hold.bytes !== 0) throw new Error('something stayed')
    }),
  )
})

const nobody = { ip: '10.0.0.1', pod: undefined, node: undefined, service: undefined }

function findingOf(from: string, to: string, unsure: readonly string[] = []): Finding {
  return {
    initiator: { ...nobody, kind: from },
    responder: { ...nobody, kind: to },
    unjudged: { reason: 'unknown', unsure },
  } as unknown as Finding
}

t.test(
  'a flow is awaited while an end is in a pod range and nobody, or the watch of pods is silent',
  async t => {
    for (const [finding, expected] of [
      [findingOf('unknown', 'pod'), true],
      [findingOf('pod', 'unknown'), true],
      [findingOf('pod', 'pod', ['peer-unresolved']), false],
      [findingOf('pod', 'external'), false],
      [findingOf('external', 'pod', ['sync-gap']), true],
      [findingOf('pod', 'pod', ['sync-gap']), false],
    ] as const)
      t.equal(isAwaited(finding), expected, JSON.stringify(finding))
  },
)

t.test('what a CNI said of a flow counts as memory', async t => {
  const flow = createFlow()
  t.equal(heldBytes(flow), 700)
  t.equal(
    heldBytes({ ...flow, reported: { by: 'cni', policies: ['a/b'], as: 'x'.repeat(100) } }),
    800 + 2 * 106,
  )
})
