import t from 'tap'
import { editsOf } from './edits.ts'
import { readPolicies } from './manifest.ts'
import { nearest } from './nearest.ts'
import { ask } from './oracle.ts'
import { probesOf } from './probes.ts'
import { readTierPolicies } from './tier-manifest.ts'
import { tieredWorldOf } from './tiered-worlds.ts'
import { worldOf } from './worlds.ts'

t.test('a seed gives the same world, probes and edits every time', t => {
  t.strictSame(worldOf(7), worldOf(7))
  t.strictSame(probesOf(worldOf(7), 8, 20), probesOf(worldOf(7), 8, 20))
  t.strictSame(editsOf(worldOf(7), 9, 5), editsOf(worldOf(7), 9, 5))
  t.notSame(worldOf(7), worldOf(8))
  t.strictSame(tieredWorldOf(7), tieredWorldOf(7))
  t.strictSame(editsOf(tieredWorldOf(7), 9, 5), editsOf(tieredWorldOf(7), 9, 5))
  t.end()
})

// A differential test over worlds in which nothing happens proves nothing, so what happens is counted.
t.test('the worlds hold every outcome and every kind of failing term often enough', t => {
  const seen = new Map<string, number>()
  const count = (key: string) => seen.set(key, (seen.get(key) ?? 0) + 1)
  for (let seed = 1; seed <= 250; seed++) {
    const world = worldOf(seed)
    for (const policy of readPolicies(world.policies))
      count(policy.problems.length > 0 ? 'refused' : 'accepted')
    for (const probe of probesOf(world, seed, 60)) {
      const answer = ask(world, probe)
      count(answer === undefined ? 'not asked' : answer.verdict)
      for (const one of answer?.responsible ?? []) count(one.reason)
      if ((answer?.leftOut.length ?? 0) > 0) count('left out')
      for (const miss of nearest(world, probe)) count(miss.failed.replace(/\[\d\]/, ''))
    }
  }
  const wanted: Readonly<Record<string, number>> = {
    refused: 10,
    allowed: 1000,
    denied: 1000,
    'not asked': 50,
    'rule-matched': 500,
    'not-isolated': 500,
    'no-rule-matched': 1000,
    'exempt-node': 10,
    'exempt-self': 10,
    'left out': 50,
    'from.podSelector': 50,
    'from.namespaceSelector': 50,
    'from.ipBlock': 50,
    'from.ipBlock.except': 10,
    'to.podSelector': 50,
    'to.namespaceSelector': 50,
    'to.ipBlock': 50,
    'to.ipBlock.except': 10,
    ports: 100,
  }
  for (const [key, least] of Object.entries(wanted))
    t.ok((seen.get(key) ?? 0) >= least, `${key}: ${seen.get(key) ?? 0} of at least ${least}`)
  t.end()
})

t.test('the tiered worlds hold every outcome, every role of every kind, and open choices often enough', t => {
  const seen = new Map<string, number>()
  const count = (key: string) => seen.set(key, (seen.get(key) ?? 0) + 1)
  for (let seed = 1; seed <= 200; seed++) {
    const world = tieredWorldOf(seed)
    for (const policy of readTierPolicies(world.policies))
      count(policy.problems.length > 0 ? 'refused' : 'accepted')
    for (const probe of probesOf(world, seed, 60)) {
      const answer = ask(world, probe)
      for (const one of answer?.responsible ?? []) count(one.reason)
      if ((answer?.leftOut.length ?? 0) > 0) count('left out')
      const hasPort = probe.port !== null
      for (const { undefinedChoice, witnesses } of answer?.grounds ?? []) {
        if (undefinedChoice && hasPort) count('equal priorities')
        for (const { role, policy } of witnesses) count(`${role} ${policy.replace(/\/.*/, '')}`)
      }
    }
  }
  const wanted: Readonly<Record<string, number>> = {
    refused: 20,
    accepted: 300,
    'explicit-deny': 500,
    'rule-matched': 500,
    'no-rule-matched': 300,
    'exempt-node': 20,
    'exempt-self': 50,
    'left out': 100,
    'equal priorities': 30,
    'passes AdminNetworkPolicy': 200,
    'denies AdminNetworkPolicy': 200,
    'admits AdminNetworkPolicy': 200,
    'denies BaselineAdminNetworkPolicy': 50,
    'admits BaselineAdminNetworkPolicy': 50,
    'passes ClusterNetworkPolicy': 200,
    'denies ClusterNetworkPolicy': 200,
    'admits ClusterNetworkPolicy': 200,
  }
  for (const [key, least] of Object.entries(wanted))
    t.ok((seen.get(key) ?? 0) >= least, `${key}: ${seen.get(key) ?? 0} of at least ${least}`)
  t.end()
})
