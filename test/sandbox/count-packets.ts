// How many denied packets the records tell of, by the chain of the rules that counted them: an answer that nftables can be asked for too.

import { type FlowRecord, type ForensicRecord, isFlowRecord } from '../../agent/forensics/record.ts'

/** Packets by the name of the counter, `ns.pod.in` or `ns.pod.out`; repeats are counted to what they repeat. */
export function packetsOf(records: readonly ForensicRecord[]): Map<string, number> {
  const chains = new Map<string, string>()
  const packets = new Map<string, number>()
  const add = (chain: string | undefined, n: number): void => {
    if (chain !== undefined) packets.set(chain, (packets.get(chain) ?? 0) + n)
  }
  for (const record of records) {
    if (isFlowRecord(record)) {
      const chain = chainOf(record)
      if (chain !== undefined) chains.set(record.id, chain)
      add(chain, record.n)
    } else if ('of' in record && record.of !== undefined) add(chains.get(record.of), record.n)
  }
  return packets
}

function chainOf({ verdict, dir, src, dst }: FlowRecord): string | undefined {
  if (verdict !== 'denied' && verdict !== 'rejected') return undefined
  const { ns, pod } = dir === 'egress' ? src : dst
  return `${ns}.${pod}.${dir === 'egress' ? 'out' : 'in'}`
}
