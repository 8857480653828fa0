// Everything that has to be asked about one connection, gathered once: who its ends are at its time, and what NAT made of it.

import type { Flow, FlowNames, NamedEnd } from '../../collectors/flow.ts'
import { equalAddresses, formatAddress, isIPv4 } from '../address.ts'
import type { Epoch } from '../policy/index.ts'
import type { Pod } from '../policy/objects.ts'
import type { Owner, View as TimelineView } from '../timeline/index.ts'
import type { Party } from './finding.ts'
import { addressOf, namedOwner, namedParty } from './names.ts'
import { isReversed, type Orientation } from './orient.ts'

/** Offsets of the four addresses of a flow. */
const SOURCE = 0
const DESTINATION = 4
const REPLY_SOURCE = 8
const REPLY_DESTINATION = 12

export type View = TimelineView<Epoch>

/** Where in `Question.address` an end stands, and whose address that was. */
export interface Place {
  readonly at: number
  readonly owner: Owner
  /** Set where the line hides the address: what then stands in `address` is one that the owner has. */
  readonly named?: NamedEnd
}

export interface Question {
  readonly view: View
  readonly address: Int32Array
  readonly initiator: Place
  /** After destination NAT (S56). */
  readonly responder: Place
  /** What the responder saw as its client: the initiator, or what source NAT made of it (S57). */
  readonly seen: Place
  readonly proto: number
  /** The responder's port, -1 where there is none. */
  readonly port: number
  /** What the client addressed, where destination NAT changed it. */
  readonly addressed: { readonly at: number; readonly port: number } | undefined
}

export function ask(flow: Flow, orientation: Orientation, view: View): Question {
  const address = flow.address.slice()
  const place = (at: number): Place => {
    const named = flow.names && namedAt(flow.names, at)
    if (named === undefined) return { at, owner: view.owner(address, at) }
    const owner = namedOwner(named, view, flow.time + flow.window * 1_000_000)
    const words = addressOf(podOf(owner), otherIsIPv4(flow, at))
    if (words !== undefined) address.set(words, at)
    return { at, owner, named }
  }
  if (isReversed(orientation)) {
    const initiator = place(DESTINATION)
    const question = {
      view,
      address,
      initiator,
      seen: initiator,
      responder: place(SOURCE),
      proto: flow.proto,
    }
    return { ...question, port: flow.sport, addressed: undefined }
  }
  const initiator = place(SOURCE)
  if (!flow.hasReply)
    return {
      view,
      address,
      initiator,
      seen: initiator,
      responder: place(DESTINATION),
      proto: flow.proto,
      port: flow.dport,
      addressed: undefined,
    }
  const isSame = (a: number, b: number) => equalAddresses(address, a, address, b)
  const isTranslated = !isSame(REPLY_SOURCE, DESTINATION) || flow.replySport !== flow.dport
  return {
    view,
    address,
    initiator,
    seen: isSame(REPLY_DESTINATION, SOURCE) ? initiator : place(REPLY_DESTINATION),
    responder: place(REPLY_SOURCE),
    proto: flow.proto,
    port: flow.replySport,
    addressed: isTranslated ? { at: DESTINATION, port: flow.dport } : undefined,
  }
}

function namedAt({ source, destination }: FlowNames, at: number): NamedEnd | undefined {
  return at === SOURCE ? source : at === DESTINATION ? destination : undefined
}

/** Undefined where the other end's address is hidden too. */
function otherIsIPv4({ names, address }: Flow, at: number): boolean | undefined {
  const other = at === SOURCE ? DESTINATION : SOURCE
  return names !== undefined && namedAt(names, other) !== undefined ? undefined : isIPv4(address, other)
}

export function partyOf(question: Question, { at, owner, named }: Place): Party {
  if (named !== undefined) return namedParty(named, owner)
  return {
    kind: owner.kind,
    ip: formatAddress(question.address, at),
    pod: podOf(owner),
    node: owner.node === '' ? undefined : owner.node,
    service: owner.service === undefined ? undefined : `${owner.service.ns}/${owner.service.name}`,
  }
}

/** The pod that had the address, or the likeliest of several: the answer is then a candidate, and says so. */
export function podOf(owner: Owner): Pod | undefined {
  return owner.pod ?? owner.candidates[0]
}

/** It is a pod of this node, or one of those that it may have been is. */
export function isOnNode({ owner, named }: Place, node: string): boolean {
  if (named === undefined) return podOf(owner)?.node === node
  return owner.candidates.some(pod => pod.node === node)
}

/** `nat.dst` is what the client wrote, `nat.src` what the responder saw. The client's port says nothing about policy. */
export function natOf({
  address,
  addressed,
  initiator,
  seen,
}: Question): { dst?: string; src?: string } | undefined {
  if (addressed === undefined && seen === initiator) return undefined
  return {
    ...(addressed && { dst: withPort(formatAddress(address, addressed.at), addressed.port) }),
    ...(seen !== initiator && { src: formatAddress(address, seen.at) }),
  }
}

function withPort(ip: string, port: number): string {
  if (port < 0) return ip
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** The Service that the client addressed, `ns/name`. */
export function serviceOf({ view, address, addressed, proto }: Question): string | undefined {
  if (addressed === undefined) return undefined
  const match = view.service(address, addressed.at, addressed.port, proto)
  return match && `${match.ns}/${match.name}`
}
