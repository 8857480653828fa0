// The shapes that the admin kinds give to peers and ports.

import type { Direction, PatchOperation } from '../answer.ts'
import { hasPolicyPorts, protocolName } from '../protocol.ts'
import type { TierSchema } from '../tier-schema.ts'
import { type Json, peerField, selectorOf } from './patch.ts'
import type { Target } from './tight-peer.ts'

/** A rule that allows a peer a port, put before the rule of this index: the first match wins (A5). */
export function addTierRule(
  schema: TierSchema,
  direction: Direction,
  before: number,
  target: Target,
  protocol: number,
  port: number,
): PatchOperation {
  const [action] = schema.actions
  const ports = hasPolicyPorts(protocol) && { [schema.ports]: [portOf(schema, protocol, port)] }
  const value = { action, [peerField(direction)]: [peerOf(target)], ...ports }
  return { op: 'add', path: `/spec/${direction}/${before}`, value }
}

function peerOf(target: Target): Json {
  if ('cidr' in target) return { networks: [target.cidr] }
  const namespaceSelector = selectorOf({ 'kubernetes.io/metadata.name': target.ns })
  return { pods: { namespaceSelector, podSelector: selectorOf(target.labels) } }
}

/** A10, C6. */
function portOf({ ports }: TierSchema, protocol: number, port: number): Json {
  const name = protocolName(protocol)
  if (ports === 'ports') return { portNumber: { protocol: name, port } }
  return { [name.toLowerCase()]: { destinationPort: { number: port } } }
}
