// An address goes over from a pod to another, as when a deployment is rolled: the first one's namespace is deleted with its link, and
// the other one, that was waiting for an address, gets it.

import type { ShopNode } from '../../agent/quickstart/node.ts'
import { mustRun } from '../../agent/quickstart/run.ts'

/** `from` and `to` are aliases. */
export async function giveAddress({ plan, host }: ShopNode, from: string, to: string): Promise<void> {
  const [old, next] = [host(from), host(to)]
  const [ip] = old.ips
  const inNext = ['-n', next.namespace, 'addr']
  await mustRun('ip', ['netns', 'del', old.namespace])
  await mustRun('ip', [...inNext, 'add', `${ip}/32`, 'dev', 'eth0'])
  // Only now: its routes go with its last address.
  for (const own of next.ips) await mustRun('ip', [...inNext, 'del', `${own}/32`, 'dev', 'eth0'])
  const route = [ip!, 'dev', next.device, 'scope', 'link', 'src', plan.nodeIps[0]!]
  await mustRun('ip', ['-n', plan.namespace, 'route', 'replace', ...route])
}
