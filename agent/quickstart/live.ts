// The quickstart as a real node: namespaces, rules, both sources, servers, traffic, and somebody who edits a policy and has it
// put back, over and over.

import { setTimeout as sleep } from 'node:timers/promises'
import { openConnections } from './connections.ts'
import { editEvent, policyToEdit, type Step, withPolicy } from './edit.ts'
import { compileRules } from './enforce.ts'
import { kernelBootTime, openKernelLog } from './kernel-log.ts'
import { openListeners } from './listeners.ts'
import { openMachine } from './machine.ts'
import { openNode, type ShopNode } from './node.ts'
import type { OnBytes, OnEvent, Quickstart } from './quickstart.ts'
import { outsiders } from './scenario.ts'
import type { Shop } from './shop.ts'
import { startTraffic, type Traffic } from './traffic.ts'

/** Milliseconds from the start, and then from one revert to the next edit. */
export const untilEditMs = 7_000
export const untilRevertMs = 12_000

export interface LiveOptions {
  readonly shop: Shop
  /** What names end with; random by default. */
  readonly id?: string
  readonly signal?: AbortSignal
}

/** @throws QuickstartRefused while another one runs. Whatever goes wrong, nothing is left. */
export async function openLive(
  options: LiveOptions,
  onBytes: OnBytes,
  onEvent: OnEvent,
): Promise<Quickstart> {
  const { shop, signal } = options
  const say = (text: string) => onEvent({ kind: 'notice', text })
  const complain = (error: Error) => say(error.message)
  await using owned = new AsyncDisposableStack()
  const machine = owned.use(await openMachine(say))
  const node = await openNode(machine, shop, outsiders, options.id)
  signal?.throwIfAborted()
  await node.enforce(compileRules(shop))
  openSources(node, owned, onBytes, onEvent)
  say(invitation(node))
  const traffic = owned.use(startTraffic(node, openServers(node, owned, complain), complain))
  owned.use(startEdits(node, shop, traffic, onEvent, complain))
  signal?.throwIfAborted()
  const all = owned.move()
  return {
    mode: 'node',
    nodeName: shop.node.name,
    bootTime: kernelBootTime(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Every pod is a namespace, so whoever looks on can make packets of their own. */
function invitation(node: ShopNode): string {
  const address = node.host('data/pg').ips[0]
  const from = node.host('shop/cart').namespace
  return `Send one yourself: sudo ip netns exec ${from} timeout 1 bash -c ': > /dev/tcp/${address}/5432'`
}

function openSources(node: ShopNode, owned: AsyncDisposableStack, onBytes: OnBytes, onEvent: OnEvent): void {
  owned.use(
    openKernelLog({
      deviceSuffix: `-${node.plan.id}`,
      onBytes: bytes => onBytes('netfilter-log', bytes),
      onLoss: lost => onEvent({ kind: 'loss', source: 'netfilter-log', lost }),
      onEnd: why => onEvent({ kind: 'notice', text: `The kernel log ended: ${why}` }),
    }),
  )
  owned.use(
    openConnections(node.plan.namespace, {
      onBytes: bytes => onBytes('conntrack', bytes),
      onLoss: () => onEvent({ kind: 'loss', source: 'conntrack' }),
      onEnd: why => onEvent({ kind: 'notice', text: `conntrack ended: ${why}` }),
    }),
  )
}

/** Opens the servers in the background: the first denied packets need none. Resolves whether or not they could be opened. */
function openServers(
  node: ShopNode,
  owned: AsyncDisposableStack,
  onError: (error: Error) => void,
): Promise<void> {
  const stop = new AbortController()
  const opened = openListeners(node.plan.hosts, stop.signal).catch((error: Error) => {
    if (!stop.signal.aborted) onError(error)
  })
  owned.defer(async () => {
    stop.abort()
    const servers = await opened
    servers?.[Symbol.dispose]()
  })
  return opened.then(() => {})
}

function startEdits(
  node: ShopNode,
  shop: Shop,
  traffic: Traffic,
  onEvent: OnEvent,
  onError: (error: Error) => void,
): AsyncDisposable {
  const stop = new AbortController()
  const original = policyToEdit(shop)
  let generation = original.metadata.generation ?? 1
  const take = async (step: Step) => {
    const event = editEvent(original, step, ++generation, Date.now())
    onEvent({ kind: 'watch', ...event })
    traffic.edited(step === 'edit')
    await node.enforce(compileRules(shop, withPolicy(shop, event.object)))
  }
  const loop = async () => {
    for (;;) {
      await sleep(untilEditMs, undefined, { signal: stop.signal })
      await take('edit')
      await sleep(untilRevertMs, undefined, { signal: stop.signal })
      await take('revert')
    }
  }
  const done = loop().catch((error: Error) => {
    if (!stop.signal.aborted) onError(error)
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}
