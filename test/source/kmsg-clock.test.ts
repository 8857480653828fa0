import t from 'tap'
import { createKernelClock, kernelBootTime } from '../../agent/source/kmsg-clock.ts'

/** A wall clock that can be set and a monotonic one, an hour after boot at first. */
function clocks() {
  const at = { nowMs: 1_795_000_000_000, upMicros: 3_600_000_000 }
  return {
    sources: { now: () => at.nowMs, monotonic: () => at.upMicros, bootTime: 1_794_996_400_000_000 },
    pass(ms: number) {
      at.nowMs += ms
      at.upMicros += ms * 1000
    },
    set(ms: number) {
      at.nowMs += ms
    },
    at,
  }
}

t.test('a stamp that fits between two looks changes nothing', async t => {
  const { sources, at, pass } = clocks()
  const clock = createKernelClock(sources)
  for (let count = 0; count < 100; count++) {
    pass(10)
    clock.observe(at.upMicros - 4000, at.nowMs - 10, at.nowMs)
  }
  t.equal(clock.bootTime, 1_794_996_400_000_000)
})

t.test(
  "the kernel's clock may run away in either direction: fresh records hold it within a look",
  async t => {
    for (const perDay of [+5_000_000, -5_000_000]) {
      const { sources, at, pass } = clocks()
      const clock = createKernelClock(sources)
      let stamp = at.upMicros
      for (let minute = 0; minute < 60 * 24 * 30; minute++) {
        pass(60_000)
        stamp += 60_000_000 + perDay / 1440
        // Logged 5 ms ago.
        clock.observe(stamp - 5000, at.nowMs - 10, at.nowMs)
        const error = clock.bootTime + stamp - 5000 - (at.nowMs - 5) * 1000
        if (Math.abs(error) > 10_000) return t.fail(`${error} microseconds off after ${minute} minutes`)
      }
      t.pass('thirty days')
    }
  },
)

t.test('when the wall clock is set, records read late move with it', async t => {
  for (const step of [3_600_000, -3_600_000]) {
    const { sources, at, set } = clocks()
    const clock = createKernelClock(sources)
    set(step)
    // Read after a break: nobody had looked before.
    clock.observe(at.upMicros - 30_000_000, Number.NaN, at.nowMs)
    t.equal(clock.bootTime, 1_794_996_400_000_000 + step * 1000)
  }
})

t.test('a record was not stamped after it was read, whenever it was looked before', async t => {
  const { sources, at } = clocks()
  const clock = createKernelClock(sources)
  clock.observe(at.upMicros + 2_000_000, Number.NaN, at.nowMs)
  t.equal(clock.bootTime, 1_794_996_398_001_000)
})

t.test(
  'the next reader in the same boot goes on with the same time, and with steps made meanwhile',
  async t => {
    const { sources, at, pass, set } = clocks()
    const first = createKernelClock(sources)
    first.observe(at.upMicros + 700_000, Number.NaN, at.nowMs)
    const state = first.state()
    pass(60_000)
    const second = createKernelClock({ ...sources, bootTime: 1_794_996_400_000_321 })
    second.restore(state)
    t.equal(second.bootTime, first.bootTime, 'a record keeps its time, and so its id')
    set(-5000)
    const third = createKernelClock(sources)
    third.restore(state)
    t.equal(third.bootTime, first.bootTime - 5_000_000)
  },
)

t.test('kernelBootTime() is before now and stays the same', async t => {
  const first = kernelBootTime()
  t.ok(first < Date.now() * 1000)
  t.ok(Math.abs(kernelBootTime() - first) < 20_000)
})
