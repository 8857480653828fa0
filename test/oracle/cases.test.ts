import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import type {
  ContainerPort,
  Namespace,
  Node,
  Phase,
  Pod,
  PolicyObject,
  World,
} from '../../agent/policy/objects.ts'
import type { Probe } from './ends.ts'
import { ask, type OracleAnswer } from './oracle.ts'

type Stated = Omit<OracleAnswer, 'leftOut' | 'isCertain' | 'grounds'>

interface Case {
  readonly id: string
  readonly title: string
  readonly namespaces: readonly Namespace[]
  readonly pods: readonly CasePod[]
  readonly policies: readonly PolicyObject[]
  readonly nodes?: readonly Node[]
  readonly dns?: Readonly<Record<string, readonly string[]>>
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

function toWorld({ namespaces, pods, nodes = [], policies, dns }: Case): World {
  return { namespaces, pods: pods.map(toPod), nodes, policies, ...(dns === undefined ? {} : { dns }) }
}

function sortedBy(answer: Stated): Stated {
  return {
    ...answer,
    responsible: answer.responsible.toSorted((a, b) => (a.direction < b.direction ? -1 : 1)),
  }
}

const files = [
  ['cases.json', 239],
  ['cases-tiered.json', 45],
] as const

for (const [name, count] of files) {
  const file = new URL(`../../../shared/semantics/${name}`, import.meta.url)
  const skip = existsSync(file)
    ? false
    : `SKIPPED: ../shared/semantics/${name} is absent, the oracle stays unproven`
  t.test(`the oracle agrees with every hand-checked case of ${name}`, { skip }, t => {
    const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
    t.equal(cases.length, count)
    for (const one of cases) {
      const answer = ask(toWorld(one), one.probe)
      if (answer === undefined) t.fail(`${one.id}: cannot be asked`)
      else {
        const { leftOut, isCertain: _, grounds: __, ...rest } = answer
        t.strictSame(sortedBy(rest), sortedBy(one.expect), `${one.id}: ${one.title}`)
        t.strictSame(leftOut, [], `${one.id}: nothing is left out`)
      }
    }
    t.end()
  })
}
