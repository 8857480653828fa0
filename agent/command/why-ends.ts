// FROM and TO of `culprit why`: an address, a pod, a workload or a Service.

import { type Address, formatAddress, parseAddress } from '../address.ts'
import { namesOf } from '../forensics/query-filter.ts'
import type { Endpoint } from '../forensics/record.ts'
import type { Pod } from '../policy/objects.ts'
import type { Service } from '../timeline/index.ts'
import { nearestWords, UsageError } from './errors.ts'
import { type Roster, selectedBy, split } from './why-roster.ts'

/** What was asked for. */
export type Asked =
  | { readonly kind: 'address'; readonly name: string; readonly address: Address }
  | { readonly kind: 'pod'; readonly name: string }
  | { readonly kind: 'workload'; readonly name: string; readonly ns: string; readonly workload: string }
  | { readonly kind: 'service'; readonly name: string; readonly service: Service }
  /** Whatever has this name in records, where no state of the cluster says what that is. */
  | { readonly kind: 'name'; readonly name: string }

export interface Named {
  readonly asked: Asked
  /** How an ambiguous name was understood. */
  readonly note: string | undefined
}

const kinds: Readonly<Record<string, string>> = {
  po: 'Pod',
  pod: 'Pod',
  svc: 'Service',
  service: 'Service',
  deploy: 'Deployment',
  deployment: 'Deployment',
  sts: 'StatefulSet',
  statefulset: 'StatefulSet',
  ds: 'DaemonSet',
  daemonset: 'DaemonSet',
  rs: 'ReplicaSet',
  replicaset: 'ReplicaSet',
  job: 'Job',
  rollout: 'Rollout',
}

const HOW = 'write ns/pod, ns/workload, ns/service, ns/Kind/name or an address'

/** `place` is FROM or TO. @throws UsageError naming what was near, where nothing has this name. */
export function readEnd(text: string, place: 'FROM' | 'TO', roster: Roster, port: number | undefined): Named {
  const address = parseAddress(text)
  if (address !== undefined)
    return { asked: { kind: 'address', name: formatAddress(address), address }, note: undefined }
  const parts = text.split('/')
  if (parts.length === 2 && parts.every(part => part !== '')) return readKnown(text, place, roster, port)
  if (parts.length === 3 && parts.every(part => part !== ''))
    return { asked: readKind(text, parts as [string, string, string], place, roster), note: undefined }
  const same = parts.length === 1 ? allNames(roster).filter(name => name.endsWith(`/${text}`)) : []
  throw new UsageError(
    `Cannot read ${place} "${text}": ${same.length > 0 ? `did you mean ${same.slice(0, 3).join(' or ')}` : HOW}`,
  )
}

/** Without any state of a cluster: what records call it. @throws UsageError where it can be no name. */
export function readName(text: string, place: 'FROM' | 'TO'): Asked {
  const address = parseAddress(text)
  if (address !== undefined) return { kind: 'address', name: formatAddress(address), address }
  const parts = text.split('/')
  const [ns, written, last] = parts
  if (parts.some(part => part === '') || parts.length < 2 || parts.length > 3)
    throw new UsageError(`Cannot read ${place} "${text}": ${HOW}`)
  if (last === undefined) return { kind: 'name', name: text }
  const kind = kinds[written!.toLowerCase()] ?? written!
  if (kind === 'Pod') return { kind: 'pod', name: `${ns}/${last}` }
  if (kind === 'Service') return { kind: 'name', name: `${ns}/${last}` }
  return { kind: 'workload', name: `${ns}/${last}`, ns: ns!, workload: `${kind}/${last}` }
}

/** A pod before a workload before a Service: the more exact name first. Only the Service knows a port that it alone has. */
function readKnown(name: string, place: 'FROM' | 'TO', roster: Roster, port: number | undefined): Named {
  const workloads = [...(roster.workloads.get(name) ?? [])].sort()
  if (place === 'TO' && isPortOfServiceOnly(name, roster, port))
    return { asked: askedOf('Service', name, roster), note: undefined }
  const all = [
    ...(roster.pods.has(name) ? ['Pod'] : []),
    ...workloads,
    ...(roster.services.has(name) ? ['Service'] : []),
  ]
  const [kind, ...others] = all
  if (kind === undefined) throw unknownName(name, place, roster)
  // A Service of the same name has these very pods behind it, as a rule: that is not worth a word.
  const rest = others.filter(other => other !== 'Service').map(other => written(other, name))
  const note =
    rest.length === 0
      ? undefined
      : `${name} was taken for the ${kind}; there ${rest.length === 1 ? 'is' : 'are'} ${rest.join(' and ')} too.`
  return { asked: askedOf(kind, name, roster), note }
}

function isPortOfServiceOnly(name: string, { services }: Roster, port: number | undefined): boolean {
  const ports = services.get(name)?.ports ?? []
  return ports.some(each => each.port === port && each.targetPort !== port)
}

/** `shop/cart` as `shop/Deployment/cart`. */
function written(kind: string, name: string): string {
  const [ns, last] = split(name)
  return `${ns}/${kind}/${last}`
}

function askedOf(kind: string, name: string, roster: Roster): Asked {
  if (kind === 'Pod') return { kind: 'pod', name }
  const service = kind === 'Service' ? roster.services.get(name) : undefined
  if (service !== undefined) return { kind: 'service', name, service }
  const [ns, last] = split(name)
  return { kind: 'workload', name, ns, workload: `${kind}/${last}` }
}

function readKind(
  text: string,
  [ns, written, last]: readonly [string, string, string],
  place: 'FROM' | 'TO',
  roster: Roster,
): Asked {
  const name = `${ns}/${last}`
  const kind = kinds[written.toLowerCase()] ?? written
  const isKnown =
    kind === 'Pod'
      ? roster.pods.has(name)
      : kind === 'Service'
        ? roster.services.has(name)
        : (roster.workloads.get(name)?.has(kind) ?? false)
  if (isKnown) return askedOf(kind, name, roster)
  const known = [...new Set([...roster.workloads.values()].flatMap(each => [...each]))].sort()
  const all = ['Pod', 'Service', ...known]
  if (!all.includes(kind))
    throw new UsageError(
      `Cannot read ${place} "${text}": no pod of the world belongs to a "${written}", it can be ${all.join(', ')}`,
    )
  throw unknownName(name, place, roster, kind)
}

function unknownName(name: string, place: 'FROM' | 'TO', roster: Roster, kind?: string): UsageError {
  const what = kind ?? 'pod, workload or Service'
  const near = nearestWords(name, allNames(roster))
  const [ns] = split(name)
  const spaces = [...new Set(allNames(roster).map(each => split(each)[0]))].sort()
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}`
      : spaces.includes(ns)
        ? `namespace ${ns} has ${shown(allNames(roster).filter(each => each.startsWith(`${ns}/`)))}`
        : `it has no namespace "${ns}", but ${shown(spaces)}`
  return new UsageError(`Cannot find ${place} "${name}": the world has no ${what} of that name; ${hint}`)
}

function shown(names: readonly string[]): string {
  const rest = names.length - 8
  return names.slice(0, 8).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

function allNames({ pods, workloads, services }: Roster): readonly string[] {
  return [...new Set([...workloads.keys(), ...services.keys(), ...pods.keys()])].sort()
}

/** Is this pod what was asked for? */
export function isPodOf(asked: Asked, pod: Pod): boolean {
  switch (asked.kind) {
    case 'address':
      return pod.ips.includes(asked.name)
    case 'pod':
      return `${pod.ns}/${pod.name}` === asked.name
    case 'workload':
      return pod.ns === asked.ns && pod.workload === asked.workload
    case 'service':
      return selectedBy(asked.service, pod)
    case 'name':
      return asked.name === `${pod.ns}/${pod.name}` || asked.name === `${pod.ns}/${split(pod.workload)[1]}`
  }
}

/** Is the end of a record what was asked for? `rewritten` is the address that stood there on the other side of NAT. */
export function isEnd(asked: Asked, end: Endpoint, rewritten: string | undefined, roster: Roster): boolean {
  if (asked.kind === 'address') return end.ip === asked.name || rewritten === asked.name
  if (asked.kind === 'name') return namesOf(end).includes(asked.name)
  if (asked.kind === 'service' && end.svc === asked.name) return true
  if (end.kind !== 'pod') return false
  // A workload's pods say in the record what they belong to; a Service's have to be looked up.
  if (asked.kind === 'workload') return end.ns === asked.ns && end.wl === asked.workload
  const name = `${end.ns}/${end.pod}`
  if (asked.kind === 'pod') return name === asked.name
  return (roster.pods.get(name) ?? []).some(pod => isPodOf(asked, pod))
}
