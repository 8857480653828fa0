// Runs the whole scenario through a real node once, before, during and after the edit, and collects everything that the kernel
// and conntrack said about it.

import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, isPossible, type Outcome } from '../../agent/quickstart/attempt.ts'
import { openConnections } from '../../agent/quickstart/connections.ts'
import {
  editEvent,
  policyToEdit,
  type Step,
  type WatchEvent,
  withPolicy,
} from '../../agent/quickstart/edit.ts'
import { compileRules } from '../../agent/quickstart/enforce.ts'
import { manifestsOf } from '../../agent/quickstart/index.ts'
import { kernelBootTime, openKernelLog } from '../../agent/quickstart/kernel-log.ts'
import { openListeners } from '../../agent/quickstart/listeners.ts'
import { openMachine } from '../../agent/quickstart/machine.ts'
import { openNode, type ShopNode } from '../../agent/quickstart/node.ts'
import type { Plan } from '../../agent/quickstart/plan.ts'
import { hasProgram } from '../../agent/quickstart/programs.ts'
import { type Attempt, outsiders, scenario } from '../../agent/quickstart/scenario.ts'
import { readShop, type Shop } from '../../agent/quickstart/shop.ts'

export interface Tried {
  readonly attempt: Attempt
  readonly outcome: Outcome
  /** The addresses that the packet has on the wire behind the node, after DNAT. */
  readonly source: string
  readonly destination: string
  readonly port: number | undefined
}

export interface Collected {
  readonly shop: Shop
  readonly plan: Plan
  /** See `CollectorOptions.bootTime`. */
  readonly bootTime: number
  /** As `/dev/kmsg` gave them. */
  readonly kernelLines: readonly string[]
  /** As `conntrack -E -o timestamp,extended,id` wrote them. */
  readonly conntrackLines: readonly string[]
  /** Starts with the edited policy as the manifests have it; everything else is as in the manifests all the time. */
  readonly timeline: readonly WatchEvent[]
  readonly tried: readonly Tried[]
  /** Packets that nftables denied, by chain. */
  readonly counters: ReadonlyMap<string, number>
  /** Records of the kernel log that were lost. */
  readonly lost: number
}

const atOnce = 6
/** For the last line to come through the kernel log and the pipe of conntrack. */
const settleMs = 200

export async function collectScenario(): Promise<Collected> {
  const shop = readShop(manifestsOf())
  const chunks = { kernel: [] as Uint8Array[], conntrack: [] as Uint8Array[] }
  const counts = { lost: 0 }
  await using machine = await openMachine(sentence => console.error(sentence))
  const node = await openNode(machine, shop, outsiders)
  await node.enforce(compileRules(shop))
  const stories = await (async () => {
    using _kernel = openKernelLog({
      deviceSuffix: `-${node.plan.id}`,
      onBytes: bytes => chunks.kernel.push(bytes),
      onLoss: lost => {
        counts.lost += lost
      },
      onEnd: why => console.error(`the kernel log ended: ${why}`),
    })
    await using _connections = openConnections(node.plan.namespace, {
      onBytes: bytes => chunks.conntrack.push(bytes),
      onLoss: () => {},
      onEnd: why => console.error(`conntrack ended: ${why}`),
    })
    using _servers = await openListeners(node.plan.hosts)
    const story = await tell(node, shop)
    await sleep(settleMs)
    return story
  })()
  const counters = await node.counters()
  return {
    shop,
    plan: node.plan,
    bootTime: kernelBootTime(),
    kernelLines: linesOf(chunks.kernel),
    conntrackLines: linesOf(chunks.conntrack),
    counters,
    lost: counts.lost,
    ...stories,
  }
}

function linesOf(chunks: readonly Uint8Array[]): string[] {
  return Buffer.concat(chunks)
    .toString('latin1')
    .split('\n')
    .filter(line => line !== '')
}

async function tell(node: ShopNode, shop: Shop): Promise<Pick<Collected, 'timeline' | 'tried'>> {
  const original = policyToEdit(shop)
  const generation = original.metadata.generation ?? 1
  const timeline: WatchEvent[] = [{ at: new Date().toISOString(), type: 'ADDED', object: original }]
  const take = async (step: Step, generation: number) => {
    const event = editEvent(original, step, generation, Date.now())
    timeline.push(event)
    await node.enforce(compileRules(shop, withPolicy(shop, event.object)))
  }
  const possible = scenario.filter(what => isPossible(what, node, hasProgram('ping')))
  const tried = await tryAll(
    node,
    possible.filter(({ when }) => when !== 'edited'),
  )
  await take('edit', generation + 1)
  tried.push(
    ...(await tryAll(
      node,
      possible.filter(({ when }) => when === 'edited'),
    )),
  )
  await take('revert', generation + 2)
  tried.push(
    ...(await tryAll(
      node,
      possible.filter(({ when }) => when === 'usual'),
    )),
  )
  return { timeline, tried }
}

async function tryAll(node: ShopNode, attempts: readonly Attempt[]): Promise<Tried[]> {
  const tried: Tried[] = []
  const waiting = attempts.values()
  const tryInTurn = async () => {
    for (const what of waiting) tried.push({ ...onTheWire(node, what), outcome: await attempt(node, what) })
  }
  await Promise.all(Array.from({ length: atOnce }, tryInTurn))
  return tried
}

function onTheWire({ plan, host }: ShopNode, what: Attempt): Omit<Tried, 'outcome'> {
  const isService = what.address?.startsWith('10.96.') ?? false
  const target = what.address && !isService ? what.address : host(what.to).ips[0]!
  const own = what.from === 'node' ? plan.nodeIps : host(what.from).ips
  const source = own.find(ip => ip.includes(':') === target.includes(':'))!
  return { attempt: what, source, destination: target, port: what.targetPort ?? what.port }
}
