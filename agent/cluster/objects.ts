// A Kubernetes object -> what the timeline takes. Pure, and used for manifests, timelines and watch events alike.

import type { Observed } from '../timeline/index.ts'
import { Fields, type Issue, isRecord } from './field.ts'
import { readNamespace } from './namespace.ts'
import { readNode } from './node.ts'
import { readPod } from './pod.ts'
import { readPolicy } from './policy.ts'
import { readService } from './service.ts'

/** The object, or that its kind is not one of ours, or everything that is wrong with its shape. */
export type Reading =
  | { readonly outcome: 'observed'; readonly observed: Observed }
  | { readonly outcome: 'ignored'; readonly kind: string }
  | { readonly outcome: 'wrong'; readonly issues: readonly Issue[] }

type Reader = (object: Fields, apiVersion: string) => Observed

/** By kind: the API groups whose kind it is, and its reader. Other groups have kinds of the same names (Calico, Knative). */
const readers: Readonly<Record<string, { readonly groups: readonly string[]; readonly read: Reader }>> = {
  Namespace: { groups: [''], read: readNamespace },
  Pod: { groups: [''], read: readPod },
  Node: { groups: [''], read: readNode },
  Service: { groups: [''], read: readService },
  // extensions/v1beta1 was the same shape.
  NetworkPolicy: { groups: ['networking.k8s.io', 'extensions'], read: policyReader('NetworkPolicy') },
  AdminNetworkPolicy: { groups: ['policy.networking.k8s.io'], read: policyReader('AdminNetworkPolicy') },
  BaselineAdminNetworkPolicy: {
    groups: ['policy.networking.k8s.io'],
    read: policyReader('BaselineAdminNetworkPolicy'),
  },
  ClusterNetworkPolicy: { groups: ['policy.networking.k8s.io'], read: policyReader('ClusterNetworkPolicy') },
}

function policyReader(api: string): Reader {
  return (object, apiVersion) => readPolicy(object, api, apiVersion)
}

/** The API kinds that are read, for RELIST lines and for those who list and watch. */
export const readKinds: readonly string[] = Object.keys(readers)

/** `listed`: kind and apiVersion that an item of a typed list (PodList) leaves out. */
export function readObject(
  value: unknown,
  listed?: { readonly kind: string; readonly apiVersion: string },
): Reading {
  if (!isRecord(value))
    return wrong(`is ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}, not a Kubernetes object`)
  const kind = value.kind ?? listed?.kind
  if (typeof kind !== 'string' || kind === '')
    return wrong('has no kind; every Kubernetes object names its apiVersion and kind')
  const apiVersion = typeof value.apiVersion === 'string' ? value.apiVersion : listed?.apiVersion
  const reader = readers[kind]
  if (reader === undefined) return strangeKind(kind, apiVersion) ?? { outcome: 'ignored', kind }
  if (apiVersion !== undefined && !reader.groups.includes(groupOf(apiVersion)))
    return { outcome: 'ignored', kind: `${kind} (${apiVersion})` }
  return readWith(reader.read, value, kind, apiVersion ?? '')
}

/** Kinds of the API groups of policies that are not looked at here. */
const otherKinds: Readonly<Record<string, readonly string[]>> = {
  'networking.k8s.io': ['Ingress', 'IngressClass', 'IPAddress', 'ServiceCIDR'],
  'policy.networking.k8s.io': [],
}

/** A policy whose kind is misspelt would be none, and what it denies would look allowed. */
function strangeKind(kind: string, apiVersion = ''): Reading | undefined {
  const group = groupOf(apiVersion)
  const others = otherKinds[group]
  if (others === undefined || others.includes(kind.replace(/List$/, ''))) return undefined
  const known = readKinds.filter(each => readers[each]!.groups.includes(group))
  return wrong(
    `is of kind ${kind}, which ${group} does not have: it can be ${[...known, ...others].join(', ')}`,
  )
}

function readWith(
  read: Reader,
  value: Readonly<Record<string, unknown>>,
  kind: string,
  apiVersion: string,
): Reading {
  const issues: Issue[] = []
  const observed = read(new Fields(value, [], issues), apiVersion)
  if (issues.length === 0) return { outcome: 'observed', observed }
  const title = issues.some(issue => issue.text.startsWith('has no')) ? kind : `${kind} ${observed.name}:`
  return {
    outcome: 'wrong',
    issues: issues.map(issue => ({ path: issue.path, text: `${title} ${issue.text}` })),
  }
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

function wrong(text: string): Reading {
  return { outcome: 'wrong', issues: [{ path: [], text }] }
}
