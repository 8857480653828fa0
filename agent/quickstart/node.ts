// A Kubernetes node made of network namespaces: real links, real routes, the real kernel's netfilter and conntrack. Closing it
// leaves nothing behind; so does a failure half way, and what a kill leaves is repaired by the next start (machine.ts).

import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readCounters, table } from './enforce.ts'
import type { Machine } from './machine.ts'
import {
  type Host,
  hostBatch,
  namespaceBatch,
  nodeBatch,
  type Outsider,
  type Plan,
  planNode,
} from './plan.ts'
import { mustRun } from './run.ts'
import type { Shop } from './shop.ts'

export interface ShopNode {
  readonly plan: Plan
  /** The pod or outsider with this alias. @throws for an alias that is none. */
  host(alias: string): Host
  /** Replaces the node's rules in one transaction. */
  enforce(rules: string): Promise<void>
  /** Packets that each chain of `chainOf` denied so far. */
  counters(): Promise<Map<string, number>>
}

/** Four letters and digits that tell this run's names from everybody else's. */
export function randomId(): string {
  return randomInt(36 ** 3, 36 ** 4).toString(36)
}

/** Builds the node on a machine that was claimed for it, which also takes it down again. Takes about 0.2 s. */
export async function openNode(
  machine: Machine,
  shop: Shop,
  outsiders: readonly Outsider[],
  id = randomId(),
): Promise<ShopNode> {
  const plan = planNode(shop, outsiders, id, existsSync('/proc/net/if_inet6'))
  machine.willMake([plan.namespace, ...plan.hosts.map(({ namespace }) => namespace)])
  await mustRun('ip', ['-batch', '-'], { input: namespaceBatch(plan) })
  await forwardPackets(plan.namespace)
  await mustRun('ip', ['-n', plan.namespace, '-batch', '-'], { input: nodeBatch(plan) })
  await Promise.all(
    plan.hosts.map(host => mustRun('ip', ['-n', host.namespace, '-batch', '-'], { input: hostBatch(host) })),
  )
  machine.allowNamespaceLogs()
  return nodeOf(plan)
}

/** Settings of a namespace are reached from inside only. Where IPv6 is absent its switch is too. */
async function forwardPackets(namespace: string): Promise<void> {
  const settings = [
    'echo 1 > ipv4/ip_forward',
    'echo 0 > ipv4/conf/all/rp_filter',
    'echo 0 > ipv4/conf/default/rp_filter',
    '[ ! -e ipv6/conf/all/forwarding ] || echo 1 > ipv6/conf/all/forwarding',
  ]
  await mustRun('ip', inNamespace(namespace, ['sh', '-ec', ['cd /proc/sys/net', ...settings].join('\n')]))
}

function nodeOf(plan: Plan): ShopNode {
  const hosts = new Map(plan.hosts.map(host => [host.alias, host]))
  return {
    plan,
    host(alias) {
      const host = hosts.get(alias)
      if (!host) throw new Error(`Cannot find "${alias}": the quickstart has no such pod or host`)
      return host
    },
    async enforce(rules) {
      await mustRun('ip', inNamespace(plan.namespace, ['nft', '-f', '-']), { input: rules })
    },
    async counters() {
      const listing = ['nft', '-j', 'list', 'counters', 'table', 'inet', table]
      return readCounters(await mustRun('ip', inNamespace(plan.namespace, listing)))
    },
  }
}

/** The arguments of `ip` that run a program inside a namespace. */
export function inNamespace(namespace: string, command: readonly string[]): string[] {
  return ['netns', 'exec', namespace, ...command]
}
