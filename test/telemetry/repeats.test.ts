// What repeats is held back, and told: against every sequence of sayings and times.

import fc from 'fast-check'
import t from 'tap'
import { createRepeats } from '../../agent/telemetry/repeats.ts'

function listener(options = {}) {
  const repeats = createRepeats(options)
  const said: string[] = []
  const say = (kind: string, at: number, text = kind): void =>
    repeats.pass(kind, at, more => said.push(more > 0 ? `${text}+${more}` : text))
  return { repeats, said, say }
}

t.test(
  'the first is said at once, further ones within a minute are not, then the latest with their number',
  async t => {
    const { repeats, said, say } = listener()
    say('a', 0, 'one')
    say('b', 1)
    for (const at of [10, 20, 30]) say('a', at, `at ${at}`)
    repeats.settle(59_999)
    t.same(said, ['one', 'b'])
    repeats.settle(60_000)
    t.same(said, ['one', 'b', 'at 30+2'])
    say('a', 60_001, 'again')
    t.same(said.length, 3, 'what was just told is not told again at once')
    repeats.settle(120_000)
    t.equal(said.at(-1), 'again')
  },
)

t.test('after a minute of silence the next one is a first one', async t => {
  const { said, say } = listener()
  say('a', 0)
  say('a', 60_000)
  t.same(said, ['a', 'a'])
})

t.test('the next after a minute tells what was held even if nobody settles', async t => {
  const { said, say } = listener()
  for (const at of [0, 1, 2, 60_000]) say('a', at)
  t.same(said, ['a', 'a+2'])
})

t.test('a clock that is set back silences nobody', async t => {
  const { said, say } = listener()
  say('a', 3_600_000)
  say('a', 0)
  t.same(said, ['a', 'a'])
})

t.test('with more kinds than it remembers the oldest is told, not lost', async t => {
  const { said, say } = listener({ capacity: 2 })
  for (const kind of ['a', 'a', 'a', 'b', 'c']) say(kind, 0)
  t.same(said, ['a', 'b', 'a+1', 'c'])
})

t.test(
  'everything that was passed is said or counted in the end, and no kind more than once a minute',
  async t => {
    const step = fc.record({
      kind: fc.constantFrom('a', 'b', 'c'),
      wait: fc.integer({ min: 0, max: 90_000 }),
      settles: fc.boolean(),
    })
    const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const repeats = createRepeats()
      const told: { kind: string; at: number; n: number }[] = []
      let at = 0
      for (const { kind, wait, settles } of steps) {
        at += wait
        if (settles) repeats.settle(at)
        const now = at
        repeats.pass(kind, at, more => told.push({ kind, at: Math.max(now, at), n: more + 1 }))
      }
      const inTime = [...told]
      repeats.settle(at, true)
      const isSpaced = inTime.every((one, i) =>
        inTime.slice(0, i).every(o => o.kind !== one.kind || one.at - o.at >= 60_000),
      )
      return isSpaced && told.reduce((sum, { n }) => sum + n, 0) === steps.length
    })
    t.doesNotThrow(() => fc.assert(property))
  },
)
