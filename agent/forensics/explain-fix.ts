// The smallest edit as a sentence and as a command that only tries it. A proposal: nothing here tells anybody to apply it unread.

import type { PatchOperation } from '../policy/answer.ts'
import type { Side } from './explain.ts'
import type { Judged, Proposal } from './explanation.ts'
import { patchCommand } from './patch-command.ts'
import { printable } from './printable.ts'
import type { FixEntry } from './record.ts'
import { counted, endName, listed } from './words.ts'

type Edit = Exclude<FixEntry, { readonly kind: 'none' }>

export function proposalOf(fix: FixEntry, side: Side, record: Judged): Proposal {
  if (fix.kind === 'none')
    return {
      text: `No single edit of a policy or a label would have let it through: ${printable(fix.because, 400)}.`,
      command: undefined,
    }
  return {
    text: [`${editText(fix)}.`, opensText(fix, side.dir, record), ...cautions(fix, side, record)].join(' '),
    command: patchCommand(fix),
  }
}

function editText(fix: Edit): string {
  const target = printable(fix.target)
  const what = listed(fix.patch.map(operationText))
  if (fix.kind === 'pod') return `Give pod ${target} ${what}`
  if (fix.kind === 'namespace') return `Give namespace ${target} ${what}`
  return `In ${target}, ${what}`
}

/** `add to ingress[0].from: pods with app=cart of namespace shop` */
function operationText({ op, path, value }: PatchOperation): string {
  const parts = path.split('/').slice(1).map(unescaped)
  if (parts[0] === 'metadata' && parts[1] === 'labels') return `the label ${labelText(parts[2], value)}`
  const spec = parts[0] === 'spec' ? parts.slice(1) : parts
  const isAppend = spec.at(-1) === '-'
  const place = placeText(isAppend ? spec.slice(0, -1) : spec)
  if (op === 'remove') return `remove ${place}`
  if (op === 'replace') return `set ${place} to ${valueText(spec, value)}`
  return `add ${isAppend ? `to ${place}` : place}: ${valueText(spec, value)}`
}

function labelText(key: string | undefined, value: unknown): string {
  if (key !== undefined) return printable(`${key}=${String(value)}`)
  return printable(
    Object.entries((value ?? {}) as Record<string, unknown>)
      .map(([name, text]) => `${name}=${String(text)}`)
      .join(','),
  )
}

function placeText(parts: readonly string[]): string {
  return printable(
    parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join(''),
  )
}

function valueText(spec: readonly string[], value: unknown): string {
  if (Array.isArray(value)) return listed(value.map(each => valueText(spec, each)))
  if (typeof value !== 'object' || value === null) return printable(JSON.stringify(value))
  const fields = value as Fields
  if ('port' in fields || ('protocol' in fields && !('from' in fields))) return portText(fields)
  if ('from' in fields || 'to' in fields || 'ports' in fields || 'action' in fields) return ruleText(fields)
  return peerText(fields)
}

type Fields = Readonly<Record<string, unknown>>

function ruleText(rule: Fields): string {
  const peers = asList(rule.from ?? rule.to).map(each => peerText(each as Fields))
  const ports = asList(rule.ports ?? rule.protocols).map(each => portText(each as Fields))
  const action = typeof rule.action === 'string' ? ` (${printable(rule.action)})` : ''
  const direction = rule.to === undefined ? 'from' : 'to'
  const who = peers.length === 0 ? 'everybody' : listed(peers)
  return `a rule${action} ${direction} ${who}${ports.length === 0 ? ', on every port' : `, on ${listed(ports)}`}`
}

function portText(port: Fields): string {
  for (const protocol of ['tcp', 'udp', 'sctp']) {
    const own = port[protocol] as Fields | undefined
    if (own !== undefined)
      return portText({
        ...destination(own.destinationPort as Fields | undefined),
        protocol: protocol.toUpperCase(),
      })
  }
  const inner = (port.portNumber ?? port.portRange) as Fields | undefined
  if (inner !== undefined) return portText(inner)
  const number = port.endPort === undefined ? port.port : `${String(port.port)}-${String(port.endPort)}`
  const protocol = String(port.protocol ?? 'TCP')
  return printable(number === undefined ? `every ${protocol} port` : `port ${String(number)}/${protocol}`)
}

/** A ClusterNetworkPolicy's way of naming a port, as a NetworkPolicy would. */
function destination(port: Fields = {}): Fields {
  const range = port.range as Fields | undefined
  return range === undefined ? { port: port.number } : { port: range.start, endPort: range.end }
}

function peerText(peer: Fields): string {
  const block = peer.ipBlock as Fields | undefined
  if (block !== undefined) return printable(String(block.cidr))
  if (peer.pods !== undefined) return peerText(peer.pods as Fields)
  if (peer.namespaces !== undefined) return `every pod of ${namespaceText(peer.namespaces as Fields)}`
  if (Array.isArray(peer.networks)) return printable(peer.networks.join(', '))
  const pods = selectorText(peer.podSelector as Fields | undefined)
  const who = pods === '' ? 'every pod' : `pods with ${pods}`
  if (peer.namespaceSelector === undefined && pods === '') return 'every pod of the same namespace'
  return peer.namespaceSelector === undefined
    ? who
    : `${who} of ${namespaceText(peer.namespaceSelector as Fields)}`
}

const NAME = 'kubernetes.io/metadata.name'

function namespaceText(selector: Fields): string {
  const labels = (selector.matchLabels ?? {}) as Fields
  if (Object.keys(labels).length === 1 && NAME in labels && selector.matchExpressions === undefined)
    return `namespace ${printable(String(labels[NAME]))}`
  const text = selectorText(selector)
  return text === '' ? 'every namespace' : `namespaces with ${text}`
}

function selectorText(selector: Fields | undefined): string {
  const labels = Object.entries((selector?.matchLabels ?? {}) as Fields).map(
    ([key, value]) => `${key}=${String(value)}`,
  )
  const rest = asList(selector?.matchExpressions).map(each => JSON.stringify(each))
  return printable([...labels, ...rest].join(','), 400)
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** What the edit opens, this packet included: whoever reads it must know what else comes in. */
function opensText({ opens }: Edit, dir: Side['dir'], record: Judged): string {
  const ports = opens.ports === 'all' ? 'every port' : printable(opens.ports)
  const isEgress = dir === 'egress'
  const [subject, peer] = isEgress ? [record.src, record.dst] : [record.dst, record.src]
  const spaces = opens.namespaces.map(name => printable(name))
  const where =
    spaces.length === 0 ? '' : ` of ${spaces.length === 1 ? 'namespace' : 'namespaces'} ${listed(spaces)}`
  const isAlone = opens.pods === 1 && opens.addresses === undefined && peer.kind === 'pod'
  const who = [
    ...(opens.pods > 0 ? [isAlone ? `${endName(peer)} alone` : `${counted(opens.pods, 'pod')}${where}`] : []),
    ...(opens.addresses === undefined ? [] : [addressesText(printable(opens.addresses, 400))]),
  ]
  const subjects =
    opens.subjects === undefined
      ? ''
      : `, not only ${isEgress ? 'from' : 'to'} ${endName(subject)} but ${isEgress ? 'from' : 'to'} ${counted(opens.subjects, 'pod')}`
  return `It ${isEgress ? 'lets out to' : 'lets in'} ${listed(who)}, on ${ports}${subjects}.`
}

/** `203.0.113.7/32` is one address. */
function addressesText(cidrs: string): string {
  const one = /^([^,\s]+)\/(32|128)$/.exec(cidrs)
  return one === null ? `the addresses ${cidrs}` : `the address ${one[1]} alone`
}

/** What may make the edit the wrong one. */
function cautions({ kind }: Edit, { nearest, dir }: Side, { src, dst, nat }: Judged): string[] {
  const said: string[] = []
  if (nearest?.failed.endsWith('.except'))
    said.push('Somebody left this address out: ask first whether that is meant.')
  if (dir === 'ingress' && nat?.src !== undefined)
    said.push('Every client whose address is rewritten to it comes in with it.')
  // A pod is made anew from its template, without the label.
  if (kind === 'pod' && [src.wl, dst.wl].some(wl => wl !== undefined && !wl.startsWith('Pod/')))
    said.push('A new pod comes without that label: it belongs into the template that pods are made from.')
  return said
}
