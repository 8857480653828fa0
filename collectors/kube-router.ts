// kube-router rejects what none of a pod's policies admit, and sends the packet to NFLOG group 100 just before, without a prefix:
// a line that says nothing by itself. The build inside k3s also logs at the end of each policy's own chain:
//
//   … worker-3 DROP by policy shop/cart IN=cni0 OUT=cni0 … SPT=35218 DPT=80 …      this policy did not admit the packet
//   … worker-3  IN=cni0 OUT=cni0 … SPT=35218 DPT=80 …                              none did: REJECT follows
//
// The first line is no denial: a later policy of the same pod may admit the packet (k3s issue 9032). The two together are one.

import { asciiBytes, startsWith, textOf } from './bytes.ts'
import { type Flow, type Reported, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'

export interface KubeRouterDrops {
  /** Takes one packet whose trimmed prefix is `bytes[start..end)`, and completes what it means. */
  observe(flow: Flow, bytes: Uint8Array, start: number, end: number): void
}

const WORDS = 'DROP by policy '
const NAMED = asciiBytes(WORDS)
const MOST_WAITING = 16
/** Of LOGEMU's stamps, which are whole seconds. */
const SECOND = 1_000_000
/** k3s cuts `ns/name` to 48 characters, or to 47 where both are long; one that is shorter is whole. */
const SHORTEST_CUT = 47

interface Waiting {
  readonly tuple: readonly number[]
  readonly time: number
  readonly names: string[]
}

export function createKubeRouterDrops(): KubeRouterDrops {
  const waiting: Waiting[] = []
  const reports = createInterned(reportOf)

  function findSame(flow: Flow): number {
    if (waiting.length === 0) return -1
    const tuple = tupleOf(flow)
    return waiting.findIndex(
      each => isNear(each.time, flow.time) && each.tuple.every((v, i) => v === tuple[i]),
    )
  }

  function remember(flow: Flow, name: string): void {
    const known = waiting[findSame(flow)]
    if (known === undefined) waiting.push({ tuple: tupleOf(flow), time: flow.time, names: [name] })
    else if (!known.names.includes(name)) known.names.push(name)
    if (waiting.length > MOST_WAITING) waiting.shift()
  }

  return {
    observe(flow, bytes, start, end) {
      if (start < end) {
        if (!startsWith(bytes, start, end, NAMED)) return
        const name = textOf(bytes, start + NAMED.length, end)
        remember(flow, name)
        flow.reported = reports.of(name)
        return
      }
      const found = findSame(flow)
      if (found < 0) return
      flow.reported = reports.of(waiting.splice(found, 1)[0]!.names.sort().join(' '))
      if (flow.verdict === Verdict.none) flow.verdict = Verdict.rejected
    },
  }
}

/** The names that stand in the prefixes, with a blank between them, which none of them can contain. */
function reportOf(names: string): Reported {
  const all = names.split(' ')
  return {
    by: 'kube-router',
    verdict: 'denied',
    policies: all.filter(name => name.length < SHORTEST_CUT && /^[^/]+\/[^/]+$/.test(name)),
    as: all.map(name => WORDS + name).join(', '),
  }
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= SECOND || (Number.isNaN(a) && Number.isNaN(b))
}

function tupleOf({ address, proto, sport, dport, icmpType, icmpCode, flowId }: Flow): number[] {
  return [proto, sport, dport, icmpType, icmpCode, flowId, ...address.subarray(0, 8)]
}
