// A Service, as far as an address on the wire can tell: what a client dials, and which pods stand behind it.

import type { Labels, Pod, Protocol } from '../policy/objects.ts'

export interface ServicePort {
  readonly name?: string
  readonly port: number
  /** A number, or the name of a container port that each pod resolves for itself. */
  readonly targetPort: number | string
  readonly protocol: Protocol
  readonly nodePort?: number
}

export interface Service {
  readonly ns: string
  readonly name: string
  /** Canonical text; empty for a headless Service, which nobody dials by address. */
  readonly clusterIPs: readonly string[]
  /** `spec.externalIPs` and the load balancer's addresses. */
  readonly externalIPs: readonly string[]
  readonly ports: readonly ServicePort[]
  /** Absent: its endpoints are made by somebody else, so its pods are not known. */
  readonly selector?: Labels
}

/** One pod behind a Service, and the port that the Service's port becomes there (named target ports differ per pod). */
export interface Backend {
  readonly pod: Pod
  readonly port: number
}

export interface ServiceMatch {
  readonly ns: string
  readonly name: string
  readonly port: ServicePort
  /** Pods that the selector picks and that may have had an address at that time. Readiness is not known here. */
  readonly backends: readonly Backend[]
}

const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const

/** The Service's port that a packet to one of its own addresses is for; `proto` is the IANA number. */
export function portOf(service: Service, port: number, proto: number): ServicePort | undefined {
  return service.ports.find(each => each.port === port && protocolNumbers[each.protocol] === proto)
}

/** The Service's port that a packet to a node's address is for. */
export function nodePortOf(service: Service, port: number, proto: number): ServicePort | undefined {
  return service.ports.find(each => each.nodePort === port && protocolNumbers[each.protocol] === proto)
}

/** An empty selector picks nothing: for Services, unlike for policies, it means that there is no selector. */
export function selects(service: Service, pod: Pod): boolean {
  if (service.selector === undefined || pod.ns !== service.ns) return false
  const wanted = Object.entries(service.selector)
  return wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value)
}

/** Where the Service's port leads in this pod; undefined when the pod has no port of that name. */
export function targetPort(port: ServicePort, pod: Pod): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort
  return pod.ports.find(each => each.name === port.targetPort && each.protocol === port.protocol)?.port
}
