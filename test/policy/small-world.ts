// Worlds for table tests, written short: a pod is `x/a` with its labels, a policy is a spec in a namespace.

import { askProbe, compile, type Epoch, type Profile } from '../../agent/policy/index.ts'
import type { Labels, Namespace, Node, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'

export type Spec = Readonly<Record<string, unknown>>

/** A running pod; the last part of its address is that of its name's place in the alphabet. */
export function pod(name: string, labels: Labels = {}, more: Partial<Pod> = {}): Pod {
  const [ns, short] = name.split('/') as [string, string]
  const number = (text: string) => text.charCodeAt(0) - 96
  return {
    uid: name,
    ns,
    name: short,
    labels,
    ips: [`10.0.${number(ns)}.${number(short)}`],
    hostIPs: ['192.168.0.11'],
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: [],
    workload: `Pod/${short}`,
    ...more,
  }
}

export function namespace(name: string, labels: Labels = {}): Namespace {
  return { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } }
}

export function node(name: string, addresses: readonly string[], podCIDRs: readonly string[] = []): Node {
  return { name, labels: {}, addresses, podCIDRs }
}

export function policy(name: string, spec: unknown): PolicyObject {
  const [ns, short] = name.split('/') as [string, string]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: short, namespace: ns },
    spec,
  }
}

/** A cluster-scoped policy, `AdminNetworkPolicy/name` and the like, in the version that has its kind. */
export function tierPolicy(name: string, spec: unknown): PolicyObject {
  const [kind, short] = name.split('/') as [string, string]
  const version = kind === 'ClusterNetworkPolicy' ? 'v1alpha2' : 'v1alpha1'
  return { apiVersion: `policy.networking.k8s.io/${version}`, kind, metadata: { name: short }, spec }
}

/** x/a is the subject; y/b, x/b and z/c are peers; x and y have a team, z has none. */
export const plain: World = {
  namespaces: [namespace('x', { team: 'one' }), namespace('y', { team: 'two' }), namespace('z')],
  pods: [
    pod('x/a', { app: 'api' }),
    pod('x/b', { app: 'cart', tier: 'web' }),
    pod('y/b', { app: 'cart', legacy: 'yes' }),
    pod('z/c', { app: 'db' }),
  ],
  nodes: [],
  policies: [],
}

export function withPolicies(world: World, ...policies: readonly PolicyObject[]): World {
  return { ...world, policies: [...world.policies, ...policies] }
}

export function epochOf(world: World, profile: Profile = 'upstream'): Epoch {
  return compile(world, { profile })
}

export interface Line {
  readonly verdict?: string
  readonly egress?: string
  readonly ingress?: string
  readonly responsible?: readonly {
    direction: string
    policies: string[]
    rules?: string[]
    reason: string
  }[]
  readonly nearest?: readonly Readonly<Record<string, unknown>>[]
  readonly leftOut?: readonly string[]
  readonly certainty?: string
  readonly error?: string
}

/** Asks `y/b -> x/a 80/TCP` and the like; `ICMP` alone has no port. */
export function ask(epoch: Epoch, text: string): Line {
  const [, from, to, what] = /^(\S+) -> (\S+) (\S+)$/.exec(text)!
  const [port, protocol] = what!.includes('/') ? what!.split('/') : [null, what]
  return askProbe(epoch, { from, to, port: port === null ? null : Number(port), protocol }) as Line
}
