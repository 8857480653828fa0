// Hand-checked cases bring a small world in a shorthand: `pods: [{ns, name, labels, ip, ports}]` and so on. This turns one into a
// World, and says what is wrong where it cannot.

import { formatAddress, parseAddress } from '../address.ts'
import {
  at,
  complain,
  element,
  type Fields,
  field,
  type Place,
  quote,
  readList,
  readObject,
  readString,
} from './fields.ts'
import type {
  ContainerPort,
  Labels,
  Namespace,
  Node,
  Phase,
  Pod,
  PolicyObject,
  Protocol,
  World,
} from './objects.ts'

/** One case: a world in shorthand, a probe, and what is expected of its answer. Nothing of it has been checked. */
export interface EvaluationCase {
  readonly id?: unknown
  readonly namespaces?: unknown
  readonly pods?: unknown
  readonly nodes?: unknown
  readonly policies?: unknown
  /** What DNS calls addresses: `{"203.0.113.10": ["blog.kubernetes.io"]}`. */
  readonly dns?: unknown
  readonly probe?: unknown
  readonly expect?: unknown
}

export interface CaseProblem {
  readonly problems: readonly string[]
}

/** The world of a case, or everything in it that cannot be read, each with its path. */
export function caseWorld(shorthand: EvaluationCase): World | CaseProblem {
  const place: Place = { path: '', problems: [] }
  const read = <T>(name: keyof EvaluationCase, one: (fields: Fields, place: Place) => T): T[] =>
    readList(shorthand[name], at(place, name)).map((item, i) => {
      const where = element(at(place, name), i)
      return one(readObject(item, where) ?? {}, where)
    })
  const world = {
    namespaces: read('namespaces', readNamespace),
    pods: read('pods', readPod),
    nodes: read('nodes', readNode),
    policies: read('policies', readPolicy),
    ...dnsOf(shorthand.dns, at(place, 'dns')),
  }
  return place.problems.length > 0 ? { problems: place.problems } : world
}

function dnsOf(value: unknown, place: Place): Pick<World, 'dns'> {
  const fields = readObject(value, place)
  if (fields === undefined) return {}
  const dns = Object.entries(fields).map(([address, list]) => {
    const where = at(place, address)
    if (parseAddress(address) === undefined) complain(where, `${quote(address)} is not an IP address`)
    return [address, readList(list, where).map((name, i) => readString(name, element(where, i)))]
  })
  return { dns: Object.fromEntries(dns) }
}

function readNamespace(fields: Fields, place: Place): Namespace {
  const name = required(fields, 'name', place)
  return { name, labels: { 'kubernetes.io/metadata.name': name, ...labelsOf(fields, place) } }
}

function readNode(fields: Fields, place: Place): Node {
  return {
    name: required(fields, 'name', place),
    labels: labelsOf(fields, place),
    addresses: addressesOf(fields, 'addresses', 'ips', place),
    podCIDRs: readList(field(fields, 'podCIDRs'), at(place, 'podCIDRs')).map(String),
  }
}

/** Only a policy's names are read here; what its spec says is judged where policies are parsed. */
function readPolicy(fields: Fields, place: Place): PolicyObject {
  const metadata = readObject(field(fields, 'metadata'), at(place, 'metadata')) ?? {}
  required(metadata, 'name', at(place, 'metadata'))
  return {
    apiVersion: required(fields, 'apiVersion', place),
    kind: required(fields, 'kind', place),
    ...fields,
  } as unknown as PolicyObject
}

function readPod(fields: Fields, place: Place): Pod {
  const ns = required(fields, 'ns', place)
  const name = required(fields, 'name', place)
  const ips = addressesOf(fields, 'ips', 'ip', place)
  const node = optional(fields, 'node', place)
  return {
    uid: optional(fields, 'uid', place) ?? `${ns}/${name}`,
    ns,
    name,
    labels: labelsOf(fields, place),
    ips,
    hostIPs: addressesOf(fields, 'hostIPs', 'hostIP', place),
    ...(node !== undefined && { node }),
    hostNetwork: field(fields, 'hostNetwork') === true,
    phase: phaseOf(fields, ips, place),
    terminating: field(fields, 'deletionTimestamp') !== undefined,
    ports: portsOf(fields, place),
    workload: `Pod/${name}`,
  }
}

const phases: readonly Phase[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']

/** A pod that says nothing runs when it has an address and is pending when it has none. */
function phaseOf(fields: Fields, ips: readonly string[], place: Place): Phase {
  const text = optional(fields, 'phase', place)
  if (text === undefined) return ips.length > 0 ? 'Running' : 'Pending'
  const phase = phases.find(known => known === text)
  if (phase === undefined) complain(at(place, 'phase'), `${quote(text)} is not one of ${phases.join(', ')}`)
  return phase ?? 'Unknown'
}

/** Regular and restartable init containers count (S44); ordinary init containers do not. */
function portsOf(fields: Fields, place: Place): ContainerPort[] {
  return readList(field(fields, 'ports'), at(place, 'ports')).flatMap((item, i) => {
    const where = element(at(place, 'ports'), i)
    const port = readObject(item, where) ?? {}
    if (field(port, 'container') === 'init') return []
    const name = optional(port, 'name', where)
    const number = field(port, 'port')
    if (typeof number !== 'number') complain(at(where, 'port'), `must be a number, not ${quote(number)}`)
    return { ...(name !== undefined && { name }), port: Number(number), protocol: protocolOf(port, where) }
  })
}

function protocolOf(fields: Fields, place: Place): Protocol {
  const text = optional(fields, 'protocol', place) ?? 'TCP'
  if (text === 'TCP' || text === 'UDP' || text === 'SCTP') return text
  complain(at(place, 'protocol'), `${quote(text)} is not one of TCP, UDP, SCTP`)
  return 'TCP'
}

function labelsOf(fields: Fields, place: Place): Labels {
  const labels = readObject(field(fields, 'labels'), at(place, 'labels')) ?? {}
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key, readString(value, at(at(place, 'labels'), key))]),
  )
}

/** Canonical addresses of the list, or of the single field where there is no list; `""` is no address. */
function addressesOf(fields: Fields, list: string, single: string, place: Place): string[] {
  const value = field(fields, list) ?? field(fields, single) ?? []
  const texts = Array.isArray(value) ? value : [value]
  return texts.flatMap((text, i) => {
    if (text === '') return []
    const address = typeof text === 'string' ? parseAddress(text) : undefined
    if (address === undefined) complain(element(at(place, list), i), `${quote(text)} is not an IP address`)
    return address === undefined ? [] : formatAddress(address)
  })
}

function required(fields: Fields, name: string, place: Place): string {
  const text = readString(field(fields, name), at(place, name))
  if (text === '' && field(fields, name) === undefined) complain(at(place, name), 'must be given')
  return text
}

function optional(fields: Fields, name: string, place: Place): string | undefined {
  const value = field(fields, name)
  return value === undefined ? undefined : readString(value, at(place, name))
}
