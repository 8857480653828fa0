// Antrea's flow records as JSON: flat, with the names of the IPFIX elements (Go's own spelling of them has a capital), or the
// flow.v1alpha1 message as protojson, whose addresses are bytes in base64.

import { formatAddress } from '../agent/address.ts'
import type { FlowRow, Side } from './antrea-flow-row.ts'
import { asciiBytes, find } from './bytes.ts'
import { isObject, type Json, textIn } from './json-object.ts'

const FLAT = asciiBytes('lowStartSeconds"')
const MESSAGE = asciiBytes('"startTs"')
const KUBERNETES = asciiBytes('"k8s"')

export function hasJsonMarker(bytes: Uint8Array, start: number, end: number): boolean {
  if (find(bytes, start, end, FLAT) > 0) return true
  return find(bytes, start, end, MESSAGE) > 0 && find(bytes, start, end, KUBERNETES) > 0
}

export function fromJson(object: Json): FlowRow {
  return 'startTs' in object ? fromMessage(object) : fromElements(object)
}

type Read = (...names: string[]) => unknown

/** A member by the first of its names that is there. */
function reader(object: Json): Read {
  return (...names) => {
    for (const name of names)
      for (const key of [name, name[0]!.toUpperCase() + name.slice(1)])
        if (object[key] !== undefined && object[key] !== '') return object[key]
    return undefined
  }
}

function fromElements(object: Json): FlowRow {
  const read = reader(object)
  return {
    start: read('flowStartSeconds'),
    end: read('flowEndSeconds'),
    source: read('sourceIP', 'sourceIPv4Address', 'sourceIPv6Address'),
    destination: read('destinationIP', 'destinationIPv4Address', 'destinationIPv6Address'),
    sport: read('sourceTransportPort') ?? 0,
    dport: read('destinationTransportPort') ?? 0,
    proto: wordOf(read('protocolIdentifier')),
    service: read(
      'destinationServiceIP',
      'destinationClusterIP',
      'destinationClusterIPv4',
      'destinationClusterIPv6',
    ),
    servicePort: read('destinationServicePort') ?? 0,
    packets: read('packetDeltaCount') ?? 0,
    bytes: read('octetDeltaCount') ?? 0,
    ingress: elementSide(read, 'ingress'),
    egress: elementSide(read, 'egress'),
  }
}

function elementSide(read: Read, direction: string): Side {
  return {
    name: textIn(read(`${direction}NetworkPolicyName`)),
    ns: textIn(read(`${direction}NetworkPolicyNamespace`)),
    rule: textIn(read(`${direction}NetworkPolicyRuleName`)),
    action: wordOf(read(`${direction}NetworkPolicyRuleAction`)),
    type: wordOf(read(`${direction}NetworkPolicyType`)),
  }
}

/** A number or a word, as text. */
function wordOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : textIn(value)
}

function fromMessage(object: Json): FlowRow {
  const [ip, transport, k8s, stats] = ['ip', 'transport', 'k8s', 'stats'].map(name => member(object, name))
  return {
    start: object.startTs,
    end: object.endTs,
    source: addressIn(ip!.source),
    destination: addressIn(ip!.destination),
    sport: transport!.sourcePort ?? 0,
    dport: transport!.destinationPort ?? 0,
    proto: wordOf(transport!.protocolNumber),
    service: addressIn(k8s!.destinationServiceIp) ?? addressIn(k8s!.destinationClusterIp),
    servicePort: k8s!.destinationServicePort ?? 0,
    packets: stats!.packetDeltaCount ?? 0,
    bytes: stats!.octetDeltaCount ?? 0,
    ingress: messageSide(k8s!, 'ingress'),
    egress: messageSide(k8s!, 'egress'),
  }
}

function member(object: Json, name: string): Json {
  const value = object[name]
  return isObject(value) ? value : {}
}

/** Enums as protojson prints them, by name, or by number. */
const actions = new Map([
  ['NETWORK_POLICY_RULE_ACTION_ALLOW', 'Allow'],
  ['NETWORK_POLICY_RULE_ACTION_DROP', 'Drop'],
  ['NETWORK_POLICY_RULE_ACTION_REJECT', 'Reject'],
])
const types = new Map([
  ['NETWORK_POLICY_TYPE_K8S', 'K8sNetworkPolicy'],
  ['NETWORK_POLICY_TYPE_ANP', 'AntreaNetworkPolicy'],
  ['NETWORK_POLICY_TYPE_ACNP', 'AntreaClusterNetworkPolicy'],
  ['NETWORK_POLICY_TYPE_UNSPECIFIED', ''],
])

function messageSide(k8s: Json, direction: string): Side {
  const action = wordOf(k8s[`${direction}NetworkPolicyRuleAction`])
  const type = wordOf(k8s[`${direction}NetworkPolicyType`])
  return {
    name: textIn(k8s[`${direction}NetworkPolicyName`]),
    ns: textIn(k8s[`${direction}NetworkPolicyNamespace`]),
    rule: textIn(k8s[`${direction}NetworkPolicyRuleName`]),
    action: actions.get(action) ?? action,
    type: types.get(type) ?? type,
  }
}

/** Four or sixteen bytes in base64, as text; undefined for none, the value itself for what is neither. */
function addressIn(value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return undefined
  const bytes = bytesIn(value)
  if (bytes.length !== 4 && bytes.length !== 16) return value
  const words = new Int32Array(4)
  const mapped = bytes.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes] : bytes
  mapped.forEach((byte, i) => {
    words[i >> 2] = (words[i >> 2]! << 8) | byte
  })
  return formatAddress(words)
}

function bytesIn(base64: string): number[] {
  try {
    return Array.from(atob(base64), character => character.charCodeAt(0))
  } catch {
    // No base64: the caller finds that it is no address.
    return []
  }
}
