// When something on the disk is looked at again. The watch is played; nothing is asserted of how long anything took.

import t from 'tap'
import { type Looked, lookAgain } from '../agent/look-again.ts'
import type { Watch } from '../agent/watch-directories.ts'

const never = 1_000_000

/** Looks that answer in turn, then end it all. */
function play(answers: readonly Looked[], options: { pollMs?: number; settleMs?: number; watch?: Watch }) {
  const end = new AbortController()
  let looks = 0
  const done = lookAgain(
    () => {
      looks++
      if (looks === answers.length) end.abort()
      return answers[looks - 1]!
    },
    { directories: () => ['/d'], signal: end.signal, watch: () => undefined, ...options },
  )
  return done.then(() => looks)
}

t.test('it is looked at again at the pace that is asked for, and soon while it settles', async t => {
  t.equal(await play(['settled', 'settled', 'settled'], { pollMs: 1, settleMs: never }), 3)
  t.equal(await play(['settling', 'settling', 'settled'], { pollMs: never, settleMs: 1 }), 3)
})

t.test(
  'what the kernel tells of shortens the wait, during a look too, but not the time to settle',
  async t => {
    let ring = (): void => {}
    const watch: Watch = (_, onChange) => {
      ring = onChange
      return { close() {} }
    }
    const end = new AbortController()
    const seen: string[] = []
    await lookAgain(
      async () => {
        seen.push('look')
        // The second ring comes while it is settling: it waits for the time it is given.
        if (seen.length < 3) ring()
        if (seen.length === 3) end.abort()
        return seen.length === 2 ? 'settling' : 'settled'
      },
      { directories: () => ['/d'], signal: end.signal, pollMs: never, settleMs: 1, watch },
    )
    t.equal(seen.length, 3)
  },
)

t.test(
  'a directory that could not be watched is tried again, and what is not asked for any more is closed',
  async t => {
    const said: string[] = []
    const wanted = [['/a'], ['/a'], ['/a', '/b'], ['/b']]
    const end = new AbortController()
    let looks = 0
    const watch: Watch = directory => {
      said.push(`watch ${directory}`)
      return said.length === 1 ? undefined : { close: () => void said.push(`close ${directory}`) }
    }
    await lookAgain(
      () => {
        if (++looks === wanted.length) end.abort()
        return 'settled'
      },
      { directories: () => wanted[looks]!, signal: end.signal, pollMs: 1, watch },
    )
    t.same(said, ['watch /a', 'watch /a', 'watch /b', 'close /a', 'close /b'])
  },
)

t.test('who asks is answered sooner than a change is looked at', async t => {
  const answered: string[] = []
  const end = new AbortController()
  function follow(name: string, wake: (ring: () => void, ask: () => void) => void): Promise<void> {
    let ring = (): void => {}
    let ask = (): void => {}
    let looks = 0
    const watch: Watch = (_, onChange) => {
      ring = onChange
      return { close() {} }
    }
    const look = (): Looked => {
      if (++looks === 1) setImmediate(() => wake(ring, ask))
      else answered.push(name)
      if (answered.length === 2) end.abort()
      return 'settled'
    }
    const ringer = (one: () => void): void => {
      ask = one
    }
    return lookAgain(look, { directories: () => ['/d'], signal: end.signal, pollMs: never, watch, ringer })
  }
  const changed = follow('changed', ring => ring())
  const asked = follow('asked', (_, ask) => ask())
  await Promise.all([changed, asked])
  t.strictSame(answered, ['asked', 'changed'])
})

t.test('it ends at once where it is told to while it waits', async t => {
  const end = new AbortController()
  let looks = 0
  const done = lookAgain(
    () => {
      looks++
      setImmediate(() => end.abort())
      return 'settled'
    },
    { directories: () => [], signal: end.signal, pollMs: never },
  )
  await done
  t.equal(looks, 1)
  await lookAgain(() => t.fail('no look') as never, { directories: () => [], signal: AbortSignal.abort() })
})
