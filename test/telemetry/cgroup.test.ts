// The agent's own control group in files of both versions. v1 was recorded on a machine with version 1 controllers (only the group's name
// was changed); v1-container and both of v2 are written after the kernel's documentation, since no such machine was at hand.

import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openCgroup } from '../../agent/telemetry/cgroup.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/cgroup/${name}`, import.meta.url))
const read = (name: string) => openCgroup({ root: fixture(name) })!.read()

t.test("version 1 with processor groups of the whole machine gives only what is the agent's", async t => {
  const { cpu, memory, pressure } = read('v1')
  t.equal(cpu.usageSeconds, undefined, "the usage of the whole machine is not the agent's")
  t.equal(cpu.limitCores, undefined, '-1 is no quota')
  t.same([cpu.periods, cpu.throttledPeriods, cpu.throttledSeconds], [0, 0, 0])
  t.equal(memory.limitBytes, undefined, 'the largest number of pages is no limit')
  t.ok(memory.workingSetBytes! > 1_000_000)
  t.same(memory.events, { max: 0, oom_kill: 0 })
  t.same(pressure, [], "pressure of the machine is not the agent's")
})

t.test('version 1 in a container: quota, lowest limit, working set, throttling', async t => {
  t.same(read('v1-container'), {
    cpu: { usageSeconds: 28, periods: 1000, throttledPeriods: 250, throttledSeconds: 7.5, limitCores: 0.2 },
    memory: { workingSetBytes: 104_857_600, limitBytes: 134_217_728, events: { max: 12, oom_kill: 1 } },
    pressure: [],
  })
})

t.test('version 2 seen from the host: the lowest limit of all ancestors holds', async t => {
  t.same(read('v2'), {
    cpu: {
      usageSeconds: 98.765432,
      periods: 4000,
      throttledPeriods: 40,
      throttledSeconds: 2.5,
      limitCores: 0.5,
    },
    memory: {
      workingSetBytes: 125_829_120,
      limitBytes: 209_715_200,
      events: { high: 3, max: 7, oom: 1, oom_kill: 1 },
    },
    pressure: [
      { resource: 'cpu', kind: 'some', seconds: 1.234567 },
      { resource: 'cpu', kind: 'full', seconds: 0.234567 },
      { resource: 'memory', kind: 'some', seconds: 0.005 },
      { resource: 'memory', kind: 'full', seconds: 0.003 },
      { resource: 'io', kind: 'some', seconds: 0.7 },
      { resource: 'io', kind: 'full', seconds: 0.6 },
    ],
  })
})

t.test('version 2 in a namespace of its own: what is missing is absent', async t => {
  const { cpu, memory, pressure } = read('v2-container')
  t.match(cpu, { usageSeconds: 1 })
  t.same([cpu.limitCores, cpu.periods, cpu.throttledPeriods], [undefined, undefined, undefined])
  t.match(memory, { workingSetBytes: 67_108_864, limitBytes: 134_217_728 })
  t.same(pressure, [], 'a kernel without pressure figures')
})

t.test('a blank in a path, a group outside of what is mounted, and no control groups at all', async t => {
  const dir = t.testdir({
    proc: {
      self: {
        cgroup: '0::/../other\n',
        mountinfo: '1 0 0:1 / /a\\040b rw - cgroup2 none rw\n',
      },
    },
    'a b': { 'cgroup.type': 'domain\n', 'memory.current': '4096\n' },
    nothing: {},
  })
  t.equal(openCgroup({ root: dir })?.name, 'cgroup v2 at /a b')
  t.equal(openCgroup({ root: dir })?.read().memory.workingSetBytes, 4096)
  t.equal(openCgroup({ root: `${dir}/nothing` }), undefined)
})

t.test('the group of this very process is read without a complaint', async t => {
  const cgroup = openCgroup()
  t.doesNotThrow(() => cgroup?.read())
})
