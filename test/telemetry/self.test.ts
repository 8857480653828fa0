// Readings for the ceiling out of totals: shares of what may be used, since the last look.

import t from 'tap'
import type { Cgroup, CgroupFigures } from '../../agent/telemetry/cgroup.ts'
import { createSelf } from '../../agent/telemetry/self.ts'

const loop = { take: () => ({ maxMs: 12, meanMs: 1 }) }

function machine(first: CgroupFigures) {
  const state = { figures: first, cpu: 0, rss: 50e6, at: 100 }
  const cgroup: Cgroup = { name: 'fake', read: () => state.figures }
  const process = { cpuSeconds: () => state.cpu, rssBytes: () => state.rss, monotonicSeconds: () => state.at }
  return { state, cgroup, process }
}

t.test('shares are of the lower of the two limits, since the last sample', async t => {
  const before = { usageSeconds: 10, periods: 100, throttledPeriods: 10, limitCores: 0.5 }
  const memory = { workingSetBytes: 60e6, limitBytes: 200e6, events: {} }
  const { state, cgroup, process } = machine({ cpu: before, memory, pressure: [] })
  const self = createSelf({ cgroup, loop, process, limits: { cpuCores: 2, memoryBytes: 100e6 } })
  state.at += 2
  state.figures = {
    cpu: { ...before, usageSeconds: 10.8, periods: 120, throttledPeriods: 15 },
    memory,
    pressure: [],
  }
  const { readings, limits } = self.sample()
  t.same(limits, { cpuCores: 0.5, memoryBytes: 100e6 })
  t.equal(readings.cpuShareOfLimit.toFixed(3), '0.800')
  t.equal(readings.throttledShare, 0.25)
  t.equal(readings.memoryShareOfLimit, 0.6)
  t.equal(readings.eventLoopDelayMs, 12)
  state.at += 1
  t.equal(self.sample().readings.cpuShareOfLimit, 0, 'nothing was used since')
  t.equal(self.sample().readings.throttledShare, 0, 'no period passed since')
})

t.test(
  'without a control group the process is measured, against the limits of the configuration',
  async t => {
    const { state, process } = machine({ cpu: {}, memory: { events: {} }, pressure: [] })
    const self = createSelf({ cgroup: undefined, loop, process, limits: { cpuCores: 1, memoryBytes: 200e6 } })
    state.at += 1
    state.cpu += 0.25
    t.match(self.sample().readings, { cpuShareOfLimit: 0.25, memoryShareOfLimit: 0.25 })
  },
)

t.test('without any limit shares are not known', async t => {
  const { state, process } = machine({ cpu: {}, memory: { events: {} }, pressure: [] })
  const self = createSelf({ cgroup: undefined, loop, process })
  state.at += 1
  const { readings } = self.sample()
  t.ok(Number.isNaN(readings.cpuShareOfLimit) && Number.isNaN(readings.memoryShareOfLimit))
})
