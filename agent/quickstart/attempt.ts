// One real connection attempt from inside a namespace. A shell opens the socket: that costs 4 MB for some milliseconds, where a
// Node process in each of the sixteen namespaces would cost 45 MB for ever.

import { spawn } from 'node:child_process'
import { inNamespace, type ShopNode } from './node.ts'
import { environment } from './programs.ts'
import type { Attempt } from './scenario.ts'

/** What the client saw. `silent`: nothing came back in time. `refused`: a reset or an ICMP error. */
export type Outcome = 'answered' | 'refused' | 'silent'

// Bash reads from a socket by the byte, and a datagram's first byte is all it needs. A new socket each time, so that no probe
// is part of an older one's conversation.
const knock = 'exec 3<>"/dev/$0/$1/$2" && printf "?" >&3 && read -r -N 1 -u 3'

/** Short of a second, so that a dropped SYN is sent once: the kernel repeats it after one second. */
const patienceMs = 850

/** Makes the attempt. Never rejects for anything that the network does. @throws when no shell can be started. */
export async function attempt(node: ShopNode, what: Attempt, signal?: AbortSignal): Promise<Outcome> {
  const from = what.from === 'node' ? node.plan.namespace : node.host(what.from).namespace
  const address = what.address ?? node.host(what.to).ips[0]!
  const command =
    what.port === undefined
      ? ['ping', '-n', '-q', '-c', '1', '-W', '1', address]
      : ['bash', '-c', knock, what.protocol, address, String(what.port)]
  return outcomeOf(inNamespace(from, command), signal)
}

/** The families of a kernel without IPv6 and the absence of `ping` take attempts away, not correctness. */
export function isPossible(what: Attempt, node: ShopNode, hasPing: boolean): boolean {
  const withIPv6 = node.plan.nodeIps.some(ip => ip.includes(':'))
  return (withIPv6 || !what.address?.includes(':')) && (hasPing || what.protocol !== 'icmp')
}

function outcomeOf(args: readonly string[], signal: AbortSignal | undefined): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', args, {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
      detached: true,
    })
    const kill = () => child.kill('SIGKILL')
    signal?.addEventListener('abort', kill, { once: true })
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    child.on('error', reject)
    child.on('close', code => {
      signal?.removeEventListener('abort', kill)
      if (code === 0) resolve('answered')
      else resolve(/refused|unreachable|prohibited|reset/i.test(complaint) ? 'refused' : 'silent')
    })
  })
}
