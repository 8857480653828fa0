// Connections that go on while something else happens: a new one every few dozen milliseconds, each a socket of its own.

import { setTimeout as sleep } from 'node:timers/promises'
import { attempt } from '../../agent/quickstart/attempt.ts'
import type { ShopNode } from '../../agent/quickstart/node.ts'
import type { Attempt } from '../../agent/quickstart/scenario.ts'

const everyMs = 60

export type Knock = Pick<Attempt, 'from' | 'to' | 'port' | 'protocol'>

export interface Stream extends AsyncDisposable {
  /** Resolves when the last one has ended. */
  stop(): Promise<void>
}

export function openStream(node: ShopNode, knock: Knock): Stream {
  const all: Promise<unknown>[] = []
  let isOpen = true
  const stop = async () => {
    isOpen = false
    await going
    await Promise.all(all)
  }
  const going = (async () => {
    for (; isOpen; await sleep(everyMs)) all.push(knockOn(node, knock))
  })()
  return { stop, [Symbol.asyncDispose]: stop }
}

/** One connection; what comes of it is for the records to say. */
export async function knockOn(node: ShopNode, knock: Knock): Promise<void> {
  await attempt(node, { about: '', expect: { verdict: 'allowed' }, ...knock })
}
