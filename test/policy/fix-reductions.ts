// What an edit would be with one part less, and whether that lets more pods in.

import type { Fix, PatchOperation } from '../../agent/policy/index.ts'
import type { World } from '../../agent/policy/objects.ts'
import { namespaceLabels } from '../oracle/matching.ts'
import { livePods } from './fix-flips.ts'

type Json = Record<string, unknown>
type Edit = Exclude<Fix, { kind: 'none' }>

/** The edit without one operation, one label, one selector, one list or one element. */
export function reductionsOf(fix: Fix): Edit[] {
  if (fix.kind === 'none') return []
  return fix.patch.flatMap((operation, i) => [
    { ...fix, patch: fix.patch.toSpliced(i, 1) },
    ...lessOf(operation.value).map(value => ({ ...fix, patch: fix.patch.with(i, { ...operation, value }) })),
  ])
}

/** `protocol` stays: TCP is its default, and to write it is no more than saying so. */
const kept = new Set(['protocol'])

function lessOf(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    const shorter = value.map((_, i) => value.toSpliced(i, 1))
    return [...shorter, ...value.flatMap((one, i) => lessOf(one).map(less => value.with(i, less)))]
  }
  if (value === null || typeof value !== 'object') return []
  const fields = Object.entries(value).filter(([name]) => !kept.has(name))
  const without = fields.map(([name]) =>
    Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)),
  )
  const inside = fields.flatMap(([name, field]) => lessOf(field).map(less => ({ ...value, [name]: less })))
  return [...without, ...inside]
}

/** Does the shorter edit let in more: other peers than pods of a selector, more ports, more pods, or a whole namespace? */
export function selectsMore(world: World, fix: Fix, less: Edit): boolean {
  const [before, after] = [addedBy(fix), addedBy(less)]
  if (before === undefined || after === undefined) return false
  if (JSON.stringify(before.ports) !== JSON.stringify(after.ports)) return true
  if (after.peers.length === 0) return before.peers.length > 0
  return after.peers.some((peer, i) => {
    // A namespace with one workload only: its next one would be let in too.
    if (peer.podSelector !== undefined && labelsIn(peer) === 0 && labelsIn(before.peers[i]!) > 0) return true
    // Any namespace that comes with such pods.
    if (isEmpty(peer.namespaceSelector) && !isEmpty(before.peers[i]!.namespaceSelector)) return true
    if ((peer.podSelector === undefined) !== (before.peers[i]!.podSelector === undefined)) return true
    return countIn(world, fix, peer) > countIn(world, fix, before.peers[i]!)
  })
}

interface Added {
  readonly peers: readonly Json[]
  readonly ports: unknown
}

/** A rule, a peer or a port, whatever the edit adds. */
function addedBy(fix: Fix): Added | undefined {
  const [operation] = fix.kind === 'policy' ? (fix.patch as readonly PatchOperation[]) : []
  if (operation === undefined) return undefined
  if (operation.path.endsWith('/from/-') || operation.path.endsWith('/to/-'))
    return { peers: [operation.value as Json], ports: [] }
  if (operation.path.endsWith('/ports/-')) return { peers: [], ports: operation.value }
  const value = operation.path === '/spec' ? rulesOf(operation.value) : operation.value
  const rule = (Array.isArray(value) ? value[0] : value) as Json | undefined
  if (rule === undefined) return undefined
  const peers = ((rule.from ?? rule.to ?? []) as Json[]).map(peer =>
    // A2: without a selector of namespaces, pods of any.
    peer.pods === undefined ? peer : { namespaceSelector: {}, ...(peer.pods as Json) },
  )
  return { peers, ports: rule.ports ?? rule.protocols ?? 'all' }
}

function rulesOf(spec: unknown): unknown {
  const { ingress, egress } = spec as Json
  return ingress ?? egress
}

function isEmpty(selector: unknown): boolean {
  return selector !== undefined && Object.keys((selector as Json).matchLabels ?? {}).length === 0
}

function labelsIn({ podSelector }: Json): number {
  return Object.keys((podSelector as Json | undefined)?.matchLabels ?? {}).length
}

/** Workloads whose live pods a peer selects, read from a policy of the edit's namespace. */
function countIn(world: World, fix: Fix, { podSelector, namespaceSelector }: Json): number {
  const own = fix.kind === 'none' ? '' : fix.target.split('/')[0]
  const holds = (selector: unknown, labels: Readonly<Record<string, string>>) =>
    Object.entries((selector as Json | undefined)?.matchLabels ?? {}).every(
      ([key, value]) => labels[key] === value,
    )
  const selected = livePods(world).filter(
    pod =>
      (namespaceSelector === undefined
        ? pod.ns === own
        : holds(namespaceSelector, namespaceLabels(world, pod.ns))) && holds(podSelector, pod.labels),
  )
  return new Set(selected.map(pod => `${pod.ns}/${pod.workload}`)).size
}
