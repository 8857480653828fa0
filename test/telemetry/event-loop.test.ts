// The delay of the event loop, on a clock that is passed in.

import t from 'tap'
import { watchEventLoop } from '../../agent/telemetry/event-loop.ts'
import { interval } from '../../agent/telemetry/interval.ts'

function clock() {
  const state = { at: 0, everyMs: 0, run: (() => {}) as (() => void) | undefined }
  const loop = watchEventLoop({
    now: () => state.at,
    every(run, ms) {
      state.everyMs = ms
      state.run = run
      return () => {
        state.run = undefined
      }
    },
  })
  function tickAfter(ms: number): void {
    state.at += ms
    state.run?.()
  }
  return { state, loop, tickAfter }
}

t.test('a tick in time is no delay; the longest and the average since the last look are told', async t => {
  const { state, loop, tickAfter } = clock()
  t.equal(state.everyMs, 250)
  for (const ms of [250, 250, 250]) tickAfter(ms)
  t.same(loop.take(), { maxMs: 0, meanMs: 0 })
  for (const ms of [250, 950, 250, 350]) tickAfter(ms)
  t.same(loop.take(), { maxMs: 700, meanMs: 200 })
  tickAfter(250)
  t.same(loop.take(), { maxMs: 0, meanMs: 0 }, 'each look begins anew')
})

t.test('what blocks right after a look, or is not over yet, is seen', async t => {
  const { state, loop, tickAfter } = clock()
  loop.take()
  tickAfter(750)
  t.same(loop.take(), { maxMs: 500, meanMs: 500 })
  state.at += 500
  t.equal(loop.take().maxMs, 250, 'the tick is overdue')
})

t.test('it ends with its owner', async t => {
  const { state, loop } = clock()
  loop[Symbol.dispose]()
  t.equal(state.run, undefined)
})

t.test('interval() calls again and again until it is ended', async t => {
  let calls = 0
  const done = Promise.withResolvers<void>()
  const awake = setInterval(() => {}, 1000)
  const stop = interval(() => {
    calls++
    if (calls === 3) done.resolve()
  }, 1)
  await done.promise
  stop()
  clearInterval(awake)
  t.equal(calls, 3)
})
