// The shop: the quickstart's manifests, read as plainly as possible. This is a model of its own on purpose. The enforcer is
// built on it and must not share code with culprit's policy engine, or the data plane would be no second opinion.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { PolicyObject } from '../policy/objects.ts'

type Labels = Readonly<Record<string, string>>

export interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

export interface Peer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

export interface PolicyPort {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}

export interface PolicyRule {
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: readonly PolicyPort[]
}

export interface PolicySpec {
  readonly podSelector?: Selector
  readonly policyTypes?: readonly string[]
  readonly ingress?: readonly PolicyRule[]
  readonly egress?: readonly PolicyRule[]
}

export interface ShopPolicy extends PolicyObject {
  readonly metadata: PolicyObject['metadata'] & { readonly namespace: string }
  readonly spec: PolicySpec
}

export interface ShopPort {
  readonly name: string
  readonly port: number
  readonly protocol: string
}

export interface ShopPod {
  readonly ns: string
  readonly name: string
  /** `shop/cart`: what people call it, and what the scenario does. */
  readonly alias: string
  readonly labels: Labels
  readonly ips: readonly string[]
  readonly ports: readonly ShopPort[]
}

export interface ShopService {
  readonly ns: string
  readonly name: string
  readonly selector: Labels
  readonly ips: readonly string[]
  readonly ports: readonly {
    readonly port: number
    readonly targetPort: number | string
    readonly protocol: string
  }[]
}

export interface ShopNamespace {
  readonly name: string
  readonly labels: Labels
  /** Denied packets are answered with a reset or an ICMP error here. */
  readonly rejects: boolean
}

export interface Shop {
  readonly node: { readonly name: string; readonly ips: readonly string[] }
  readonly namespaces: readonly ShopNamespace[]
  readonly pods: readonly ShopPod[]
  readonly services: readonly ShopService[]
  readonly policies: readonly ShopPolicy[]
}

/** The parts of a Kubernetes object that are looked at here. The manifests are ours, so their shape is trusted. */
interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Labels
    readonly annotations?: Labels
  }
  readonly spec: {
    readonly selector: Labels
    readonly clusterIPs: readonly string[]
    readonly ports: ShopService['ports']
    readonly containers: readonly {
      readonly ports?: readonly {
        readonly name: string
        readonly containerPort: number
        readonly protocol: string
      }[]
    }[]
  }
  readonly status: {
    readonly podIPs: readonly { readonly ip: string }[]
    readonly addresses: readonly { readonly type: string; readonly address: string }[]
  }
}

/** Reads every `*.yaml` of the folder. @throws when a file cannot be read or is no YAML. */
export function readShop(folder: string): Shop {
  const files = readdirSync(folder)
    .filter(name => name.endsWith('.yaml'))
    .sort()
  return shopOf(files.flatMap(name => readDocuments(join(folder, name))))
}

function readDocuments(file: string): unknown[] {
  const documents = parseAllDocuments(readFileSync(file, 'utf8'))
  if ('empty' in documents) return []
  for (const document of documents) {
    const problem = document.errors[0]
    if (problem) throw new Error(`Cannot read "${file}": ${problem.message}`)
  }
  return documents.map(document => document.toJS() as unknown)
}

/** The shop that a list of Kubernetes objects describes. */
export function shopOf(objects: readonly unknown[]): Shop {
  const manifests = objects as readonly Manifest[]
  const of = (kind: string) => manifests.filter(object => object.kind === kind)
  const node = of('Node')[0]
  if (!node) throw new Error('Cannot build the node: the manifests have no Node')
  return {
    node: { name: node.metadata.name, ips: addressesOf(node) },
    namespaces: of('Namespace').map(namespaceOf),
    pods: of('Pod').map(podOf),
    services: of('Service').map(serviceOf),
    policies: of('NetworkPolicy') as unknown as readonly ShopPolicy[],
  }
}

function addressesOf({ status }: Manifest): string[] {
  return status.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
}

function namespaceOf({ metadata }: Manifest): ShopNamespace {
  const rejects = metadata.annotations?.['quickstart.culprit/deny-with'] === 'reject'
  return { name: metadata.name, labels: metadata.labels ?? {}, rejects }
}

function podOf({ metadata, spec, status }: Manifest): ShopPod {
  const ports = spec.containers.flatMap(container => container.ports ?? [])
  return {
    ns: metadata.namespace,
    name: metadata.name,
    alias: `${metadata.namespace}/${metadata.name.split('-')[0]}`,
    labels: metadata.labels ?? {},
    ips: status.podIPs.map(({ ip }) => ip),
    ports: ports.map(({ name, containerPort, protocol }) => ({ name, port: containerPort, protocol })),
  }
}

function serviceOf({ metadata, spec }: Manifest): ShopService {
  return {
    ns: metadata.namespace,
    name: metadata.name,
    selector: spec.selector,
    ips: spec.clusterIPs,
    ports: spec.ports,
  }
}
