// The messages of kube-network-policies about packets, which text and JSON share.

import { Direction } from './flow.ts'

export type Message =
  | { readonly kind: 'evaluating' | 'finished' | 'note' }
  | { readonly kind: 'verdict'; readonly isAllowed: boolean; readonly direction: Direction }
  | { readonly kind: 'evaluated'; readonly direction: Direction; readonly by: string }

const note: Message = { kind: 'note' }
const messages = new Map<string, Message>([
  ['Evaluating packet', { kind: 'evaluating' }],
  ['Finished syncing packet', { kind: 'finished' }],
  ['Packet denied by egress policy', { kind: 'verdict', isAllowed: false, direction: Direction.egress }],
  ['Packet denied by ingress policy', { kind: 'verdict', isAllowed: false, direction: Direction.ingress }],
  ['Packet accepted by policy', { kind: 'verdict', isAllowed: true, direction: Direction.none }],
  ['Processing sync for packet', note],
  ['Can not process packet, applying default policy', note],
  ['packet allowed by evaluator', note],
  ['packet denied by evaluator', note],
  ['packet continue to the next evaluator', note],
  ['packet accepted by all evaluators', note],
  ['Could not receive message', note],
  ['failed to set verdict with label', note],
])
for (const [word, direction] of [
  ['Egress', Direction.egress],
  ['Ingress', Direction.ingress],
] as const) {
  for (const kind of [
    'AdminNetworkPolicies',
    'NetworkPolicies',
    'BaselineAdminNetworkPolicies',
    'CNP evaluation',
  ]) {
    const by = `${word} ${kind}`
    messages.set(by, { kind: 'evaluated', direction, by })
    messages.set(`${by} does not apply`, note)
  }
}

/** Why a rule matched or did not; of a pod (old versions name it here), without the packet's id. */
const REASONS = /^Pod (?:\S+\/\S+ )?(?:is|has|match) /

/** What the message is about; undefined for the program's other messages. */
export function messageOf(text: string): Message | undefined {
  return messages.get(text) ?? (REASONS.test(text) ? note : undefined)
}

/** IANA numbers of what the engine knows by name. */
export const protocols: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 }
