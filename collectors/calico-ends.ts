// The ends of a flow of Calico: by address where the line has it, else by what it calls them.

import type { Flow, FlowNames, NamedEnd } from './flow.ts'
import { createInterned } from './interned.ts'
import { integerIn, takeAddress, textIn } from './json-object.ts'
import { hasPorts, NO_PROTOCOL, protocolOf } from './protocol-names.ts'

/** What a line says of one end. */
export interface CalicoEnd {
  /** `wep`, `hep`, `ns`, `net`; empty where the format does not say. */
  readonly type: string
  readonly ip: unknown
  readonly ns: string
  /** A name, or `web-6c9f7d4b8-*`; empty where there is none. */
  readonly name: string
  /** `app=web`, each. */
  readonly labels: readonly string[]
}

/** How Calico writes that a field is not included. */
const NONE = '-'
/** What Whisker's API calls the place of what has no namespace. */
const GLOBAL = 'Global'

/** Empty for what is not included. */
export function wordIn(value: unknown): string {
  const text = textIn(value)
  return text === NONE ? '' : text
}

/** Fills addresses, ports and protocol; false where a value is not what it must be. */
export function takeEnds(
  flow: Flow,
  source: CalicoEnd,
  destination: CalicoEnd,
  proto: unknown,
  port: unknown,
): boolean {
  flow.proto = typeof proto === 'number' ? protocolOf(String(proto)) : protocolOf(textIn(proto))
  if (flow.proto === NO_PROTOCOL || !takePort(flow, port)) return false
  flow.address.fill(0)
  const hides = [isHidden(source), isHidden(destination)]
  if (!hides[0] && !takeAddress(source.ip, flow, 0)) return false
  if (!hides[1] && !takeAddress(destination.ip, flow, 4)) return false
  if (hides[0] || hides[1])
    flow.names = names.of(JSON.stringify([hides[0] && wordsOf(source), hides[1] && wordsOf(destination)]))
  return true
}

function isHidden({ ip }: CalicoEnd): boolean {
  return ip === undefined || ip === null || ip === '' || ip === NONE
}

/** 0 stands for one that is not included. */
function takePort(flow: Flow, port: unknown): boolean {
  const number = port === null || port === undefined || port === NONE ? 0 : integerIn(port, 65535)
  if (number > 0 && hasPorts(flow.proto)) flow.dport = number
  return number >= 0
}

type Words = readonly [type: string, ns: string, name: string, labels: readonly string[]]

function wordsOf({ type, ns, name, labels }: CalicoEnd): Words {
  return [type, ns === GLOBAL ? '' : ns, name, labels]
}

const names = createInterned((text): FlowNames => {
  const [source, destination] = JSON.parse(text) as readonly [Words | false, Words | false]
  return {
    ...(source && { source: endOf(source) }),
    ...(destination && { destination: endOf(destination) }),
  }
})

const kinds: Readonly<Record<string, NamedEnd['kind']>> = {
  wep: 'pod',
  hep: 'node',
  ns: 'network',
  net: 'network',
}
const networks = new Set(['pub', 'pvt', 'PUBLIC NETWORK', 'PRIVATE NETWORK'])

function endOf([type, ns, name, labels]: Words): NamedEnd {
  const isSome = name.endsWith('*')
  return {
    kind: Object.hasOwn(kinds, type) ? kinds[type]! : untyped(ns, name, isSome),
    ...(ns !== '' && { ns }),
    ...(name !== '' && (isSome ? { prefix: name.slice(0, -1) } : { name })),
    ...(labels.length > 0 && { labels: labelsOf(labels) }),
  }
}

/** Only pods have names of which a part is left out. */
function untyped(ns: string, name: string, isSome: boolean): NamedEnd['kind'] {
  if (ns === '') return networks.has(name) ? 'network' : 'unknown'
  return isSome ? 'pod' : 'unknown'
}

/** Those that Calico itself adds (`projectcalico.org/namespace`) are not the pod's. */
function labelsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts
    .filter(text => text.includes('='))
    .map(text => [text.split('=', 1)[0]!.trim(), text.slice(text.indexOf('=') + 1).trim()])
  return Object.fromEntries(
    pairs.filter(([key]) => key !== '' && !/(^|\.)projectcalico\.org\//.test(key!)),
  ) as Record<string, string>
}
