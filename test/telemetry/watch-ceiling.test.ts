// The watch feeds the ceiling at each tick of a clock that is passed in.

import t from 'tap'
import { type CeilingReadings, createCeiling, type LevelChange } from '../../agent/telemetry/ceiling.ts'
import { watchCeiling } from '../../agent/telemetry/watch-ceiling.ts'

const full: CeilingReadings = {
  cpuShareOfLimit: 0,
  throttledShare: 0,
  memoryShareOfLimit: 0,
  eventLoopDelayMs: 0,
  queueShare: 0.6,
  lagSeconds: 0,
}

function clock() {
  let run: (() => void) | undefined
  const asked: number[] = []
  return {
    asked,
    every(next: () => void, ms: number) {
      asked.push(ms)
      run = next
      return () => {
        run = undefined
      }
    },
    async tick() {
      run?.()
      await new Promise(resolve => setImmediate(resolve))
    },
    get isRunning() {
      return run !== undefined
    },
  }
}

t.test('it says when the level changes, and stops with its owner', async t => {
  const timer = clock()
  const changes: LevelChange[] = []
  const onError = (error: unknown) => t.fail(String(error))
  const watch = watchCeiling({
    read: () => full,
    ceiling: createCeiling(),
    onLevel: change => changes.push(change),
    onError,
    every: timer.every,
  })
  t.same(timer.asked, [1000])
  for (let i = 0; i < 5; i++) await timer.tick()
  t.same(changes, [{ level: 1, from: 0, trigger: 'queue' }])
  watch[Symbol.dispose]()
  t.notOk(timer.isRunning)
})

t.test(
  'a reading that fails is told and the watch goes on; one that takes long is not overtaken',
  async t => {
    const timer = clock()
    const errors: unknown[] = []
    let reads = 0
    let finish: (() => void) | undefined
    const watch = watchCeiling({
      async read() {
        reads++
        if (reads === 1) throw new Error('gone')
        await new Promise<void>(resolve => {
          finish = resolve
        })
        return full
      },
      ceiling: createCeiling({ riseAfter: 1 }),
      onLevel: () => t.fail('it is over'),
      onError: error => errors.push(error),
      every: timer.every,
    })
    await timer.tick()
    t.match(errors, [{ message: 'gone' }])
    await timer.tick()
    await timer.tick()
    t.equal(reads, 2, 'the third waits for the second')
    watch[Symbol.dispose]()
    finish?.()
    await timer.tick()
  },
)
