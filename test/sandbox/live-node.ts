// A node on which the real agent runs: the sandbox's namespaces and rules, ulogd2, a directory of manifests, and a configuration that
// lists the kernel's log, connections and ulogd's two files. Closing it leaves nothing behind.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openListeners } from '../../agent/quickstart/listeners.ts'
import { openMachine } from '../../agent/quickstart/machine.ts'
import { openNode, type ShopNode } from '../../agent/quickstart/node.ts'
import type { Outsider } from '../../agent/quickstart/plan.ts'
import { type Shop, shopOf } from '../../agent/quickstart/shop.ts'
import { type Addresses, drawAddresses, type KubernetesObject, nodeName, worldOf } from './live-world.ts'
import { rulesFor } from './log-paths.ts'
import { type ManifestFiles, openManifests } from './manifest-files.ts'
import { openUlogd, type Ulogd } from './ulogd.ts'

export interface LiveNode extends AsyncDisposable {
  readonly net: Addresses
  readonly objects: readonly KubernetesObject[]
  readonly shop: Shop
  readonly node: ShopNode
  readonly manifests: ManifestFiles
  readonly ulogd: Ulogd
  /** The agent's configuration and its records. */
  readonly config: string
  readonly records: string
  /** What the manifests say now may be certain: nobody can know what rules were in force until a while after they were written. */
  untilCertain(): Promise<void>
}

export interface LiveNodeOptions {
  /** An empty directory. */
  readonly dir: string
  readonly extra?: (net: Addresses) => readonly KubernetesObject[]
  /** Built on the node, and no object yet. */
  readonly later?: (net: Addresses) => readonly KubernetesObject[]
  /** Of ulogd's sockets. */
  readonly bufferBytes?: number
  /** Lines of the configuration, as YAML. */
  readonly settings?: string
}

export const outsidersOf = (net: Addresses): readonly Outsider[] => [
  { alias: 'partner', ips: [net.outside(10)], ports: [443] },
  { alias: 'tenant', ips: [net.outside(200)], ports: [443] },
]

/** The enforcement lag before any is learnt, and a moment. */
const LAG_MS = 5_200

export async function openLiveNode(options: LiveNodeOptions): Promise<LiveNode> {
  const { dir, extra, later, bufferBytes, settings = '' } = options
  const net = drawAddresses()
  const objects = [...worldOf(net), ...(extra?.(net) ?? [])]
  const shop = shopOf([...objects, ...(later?.(net) ?? [])])
  const manifests = openManifests(join(dir, 'manifests'), objects)
  const writtenMs = Date.now()
  await using opened = new AsyncDisposableStack()
  const machine = opened.use(await openMachine(sentence => console.error(sentence)))
  const node = await openNode(machine, shop, outsidersOf(net))
  await node.enforce(rulesFor(shop))
  opened.use(await openListeners(node.plan.hosts))
  const ulogd = opened.use(await openUlogd(node.plan.namespace, dir, bufferBytes))
  const at = { config: join(dir, 'culprit.yaml'), records: join(dir, 'records') }
  writeFileSync(at.config, configOf(manifests.directory, at.records, ulogd, settings))
  const owned = opened.move()
  return {
    net,
    objects,
    shop,
    node,
    manifests,
    ulogd,
    ...at,
    untilCertain: () => sleep(Math.max(0, writtenMs + LAG_MS - Date.now())),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function configOf(manifests: string, records: string, { text, json }: Ulogd, settings: string): string {
  return `node: ${nodeName}
manifests: ${manifests}
sources:
  - { kernel: kmsg, begin: end }
  - { conntrack: events }
  - { format: ulogd, file: ${text} }
  - { format: ulogd, file: ${json} }
records: { directory: ${records}, allowed: full }
output: { records: json }
http: off
${settings}`
}
