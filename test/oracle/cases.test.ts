import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import type { ContainerPort, Namespace, Phase, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import type { Probe } from './ends.ts'
import { ask, type OracleAnswer } from './oracle.ts'

type Stated = Omit<OracleAnswer, 'leftOut' | 'isCertain'>

interface Case {
  readonly id: string
  readonly title: string
  readonly namespaces: readonly Namespace[]
  readonly pods: readonly CasePod[]
  readonly policies: readonly PolicyObject[]
  readonly probe: Probe
  readonly expect: Stated
}

interface CasePod {
  readonly ns: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly ip: string
  readonly ips?: readonly string[]
  readonly hostIP?: string
  readonly hostIPs?: readonly string[]
  readonly hostNetwork?: boolean
  readonly phase?: Phase
  readonly deletionTimestamp?: string
  readonly ports: readonly ContainerPort[]
}

const file = new URL('../../../shared/semantics/cases.json', import.meta.url)

function toPod(pod: CasePod): Pod {
  return {
    uid: `${pod.ns}/${pod.name}`,
    ns: pod.ns,
    name: pod.name,
    labels: pod.labels,
    ips: pod.ips ?? (pod.ip === '' ? [] : [pod.ip]),
    hostIPs: pod.hostIPs ?? (pod.hostIP === undefined ? [] : [pod.hostIP]),
    hostNetwork: pod.hostNetwork ?? false,
    phase: pod.phase ?? 'Running',
    terminating: pod.deletionTimestamp !== undefined,
    ports: pod.ports,
    workload: `Pod/${pod.name}`,
  }
}

function toWorld({ namespaces, pods, policies }: Case): World {
  return { namespaces, pods: pods.map(toPod), nodes: [], policies }
}

function sortedBy(answer: Stated): Stated {
  return {
    ...answer,
    responsible: answer.responsible.toSorted((a, b) => (a.direction < b.direction ? -1 : 1)),
  }
}

const skip = existsSync(file)
  ? false
  : 'SKIPPED: ../shared/semantics/cases.json is absent, the oracle stays unproven'

t.test('the oracle agrees with every hand-checked case', { skip }, t => {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
  t.equal(cases.length, 239)
  for (const one of cases) {
    const answer = ask(toWorld(one), one.probe)
    if (answer === undefined) t.fail(`${one.id}: cannot be asked`)
    else {
      const { leftOut, isCertain: _, ...rest } = answer
      t.strictSame(sortedBy(rest), sortedBy(one.expect), `${one.id}: ${one.title}`)
      t.strictSame(leftOut, [], `${one.id}: nothing is left out`)
    }
  }
  t.end()
})
