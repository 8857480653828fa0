// A random schedule: what was written to the API and when, and what really was.

import type { Labels, PolicyObject } from '../../agent/policy/objects.ts'
import type { Random } from '../oracle/random.ts'
import type { Hazards } from './hazards.ts'
import { namespaceJson, policyJson } from './objects.ts'
import { livesOf } from './pods.ts'
import { specOf } from './specs.ts'
import type { Enforced, Truth } from './truth.ts'

/** One write, as its watch event will tell of it. `at`: when it was committed. */
export interface Commit {
  readonly at: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly kind: 'Pod' | 'NetworkPolicy' | 'Namespace'
  /** What is known by one name: a pod's uid, else `ns/name`. */
  readonly key: string
  readonly object: object
}

export interface Schedule {
  readonly truth: Truth
  /** By time. Those before 0 are the initial list. */
  readonly commits: readonly Commit[]
  /** Moments at which something began, ended or changed. */
  readonly moments: readonly number[]
}

/** Seconds; after it nothing happens any more. */
export const END = 90
/** When what is there from the beginning was made. */
const LONG_AGO = -1000

export const namespaceNames = ['shop', 'data']

/** What a part of a schedule needs to write down what it does. */
export interface Draft {
  readonly random: Random
  readonly hazards: Hazards
  readonly commits: Commit[]
  readonly moments: number[]
  /** Resource versions: one more for each write. */
  version: number
}

export function scheduleOf(random: Random, hazards: Hazards): Schedule {
  const draft: Draft = { random, hazards, commits: [], moments: [], version: 100 }
  const truth: Truth = {
    node: {
      name: 'w1',
      labels: {},
      addresses: ['192.168.0.11'],
      podCIDRs: ['10.0.0.0/16', 'fd00:10::/64'],
    },
    namespaces: new Map(namespaceNames.map(name => [name, namespaceLife(draft, name)])),
    policies: new Map(
      namespaceNames.flatMap(ns =>
        ['p0', 'p1', 'p2'].map(name => [`${ns}/${name}`, policyLife(draft, ns, name)]),
      ),
    ),
    tenancies: livesOf(draft),
  }
  return { truth, commits: draft.commits.toSorted((a, b) => a.at - b.at), moments: draft.moments }
}

/** When the data plane enforces what is written at `at`; what is there from the beginning always was. */
export function enforcedFrom({ random, hazards, moments }: Draft, at: number): number {
  if (at < 0) return Number.NEGATIVE_INFINITY
  const lag = random.below(1000) / 1000
  moments.push(at)
  return at + hazards.lag * (random.chance(0.5) ? lag : lag ** 3)
}

function namespaceLife(draft: Draft, name: string): Enforced<Labels>[] {
  const { random, hazards, commits } = draft
  const times = hazards.edits && random.chance(0.4) ? timesOf(random) : []
  return [LONG_AGO, ...times].map((at, i) => {
    const labels = { 'kubernetes.io/metadata.name': name, team: random.pick(['a', 'b']) }
    const object = namespaceJson(name, labels, at + hazards.skew, draft.version++)
    commits.push({ at, type: i === 0 ? 'ADDED' : 'MODIFIED', kind: 'Namespace', key: name, object })
    return { from: enforcedFrom(draft, at), state: labels }
  })
}

/** Made, edited, edited back a moment later, deleted, made again under the same name. */
function policyLife(draft: Draft, ns: string, name: string): Enforced<PolicyObject>[] {
  const { random, hazards } = draft
  const states: Enforced<PolicyObject>[] = []
  const times = [...(random.chance(0.7) ? [LONG_AGO] : []), ...(hazards.edits ? timesOf(random) : [])]
  let life: { uid: string; created: number; generation: number; spec: unknown } | undefined
  for (const [i, at] of times.entries()) {
    const isMade = life === undefined
    const ending = !isMade && random.chance(0.25)
    life ??= { uid: `${ns}-${name}-${i}`, created: at, generation: 0, spec: undefined }
    if (!ending) life = { ...life, generation: life.generation + 1, spec: anotherSpec(random, life.spec) }
    const policy: PolicyObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: ns, name, uid: life.uid, generation: life.generation },
      spec: life.spec,
    }
    const type = ending ? 'DELETED' : isMade ? 'ADDED' : 'MODIFIED'
    // A deletion writes nothing into the object.
    const written = (ending ? life.created : at) + hazards.skew
    const object = policyJson(policy, life.created + hazards.skew, written, draft.version++)
    draft.commits.push({ at, type, kind: 'NetworkPolicy', key: `${ns}/${name}`, object })
    states.push({ from: enforcedFrom(draft, at), state: ending ? undefined : policy })
    if (ending) life = undefined
  }
  return states
}

/** A write that changes nothing has no generation of its own. */
function anotherSpec(random: Random, present: unknown): unknown {
  for (;;) {
    const spec = specOf(random)
    if (JSON.stringify(spec) !== JSON.stringify(present)) return spec
  }
}

/** A few moments of the schedule, some of them 100 ms apart. */
export function timesOf(random: Random): number[] {
  const times: number[] = []
  let at = random.between(1, 40)
  while (at < END - 10 && times.length < 4) {
    at += random.below(1000) / 1000
    times.push(at)
    at += random.chance(0.35) ? 0.1 : random.between(1, 40)
  }
  return times
}
