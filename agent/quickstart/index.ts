// `npm start`: a small shop whose NetworkPolicies have the mistakes that people really make, with live traffic. As root, with
// the programs at hand, it is a real node of real packets; everywhere else it is a recording of just that.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLive } from './live.ts'
import { QuickstartRefused } from './machine.ts'
import type { OnBytes, OnEvent, Quickstart } from './quickstart.ts'
import { openReplay } from './replay.ts'
import { whyNoNode } from './requirements.ts'
import { readShop, type Shop } from './shop.ts'

export { QuickstartRefused } from './machine.ts'
export type { OnBytes, OnEvent, Quickstart, QuickstartEvent, Source } from './quickstart.ts'

export interface QuickstartOptions {
  /** `auto`, the default: a real node where this machine can be one. */
  readonly mode?: 'auto' | 'node' | 'recording'
  /** Where the manifests and the recording are; the project's own by default. */
  readonly folder?: string
  readonly signal?: AbortSignal
}

const ownFolder = fileURLToPath(new URL('../../deploy/quickstart/', import.meta.url))

/** The folder of manifests that describe the shop: what the cluster's state begins with. */
export function manifestsOf(folder: string = ownFolder): string {
  return join(folder, 'shop')
}

/**
 * Begins at once and goes on until it is closed; closing leaves nothing on the machine. Bytes and events come before it resolves
 * as well as after.
 * @throws QuickstartRefused while another one runs on this machine, and when mode is `node` and the machine cannot be one.
 */
export async function openQuickstart(
  options: QuickstartOptions,
  onBytes: OnBytes,
  onEvent: OnEvent,
): Promise<Quickstart> {
  const { mode = 'auto', folder = ownFolder, signal } = options
  const shop = readShop(manifestsOf(folder))
  if (mode === 'recording') return openRecording(folder, shop, 'as asked for', onBytes, onEvent)
  const why = await whyNoNode()
  if (why !== undefined && mode === 'node') throw new QuickstartRefused(`Cannot build a node: ${why}`)
  if (why !== undefined) return openRecording(folder, shop, why, onBytes, onEvent)
  try {
    return await openNodeHere(shop, signal, onBytes, onEvent)
  } catch (error) {
    // A kernel that lacks what nobody thought of is no reason to show nothing. By now the node has been taken down again.
    if (mode === 'node' || error instanceof QuickstartRefused || signal?.aborted) throw error
    return openRecording(folder, shop, (error as Error).message, onBytes, onEvent)
  }
}

function openNodeHere(
  shop: Shop,
  signal: AbortSignal | undefined,
  onBytes: OnBytes,
  onEvent: OnEvent,
): Promise<Quickstart> {
  const text = `A real node: ${shop.pods.length} pods in network namespaces, nftables enforces, the kernel logs`
  onEvent({ kind: 'notice', text })
  return openLive({ shop, ...(signal ? { signal } : {}) }, onBytes, onEvent)
}

function openRecording(
  folder: string,
  shop: Shop,
  why: string,
  onBytes: OnBytes,
  onEvent: OnEvent,
): Quickstart {
  onEvent({ kind: 'notice', text: `A recording of a real node, played as if it happened now: ${why}` })
  return openReplay(join(folder, 'recording'), shop.node.name, onBytes, onEvent)
}
