// Asking an epoch the way people and scripts do: a probe by names or addresses in, one line of `culprit evaluate` out
// (DESIGN sections 8 and 12). Three steps, so that a caller can time the middle one alone.

import { type Address, isIPv4, parseAddress } from '../address.ts'
import type { Answer, Direction, DirectionAnswer, End, NearestMiss, Reason } from './answer.ts'
import { addressesOf, isFinished, type PodEntry } from './end.ts'
import type { Epoch } from './epoch.ts'
import { quote } from './fields.ts'
import { hasPolicyPorts, protocolName, protocolNames, protocolNumber } from './protocol.ts'

export interface Probe {
  readonly id?: unknown
  /** `ns/pod` or an address in any spelling. */
  readonly from?: unknown
  readonly to?: unknown
  /** The destination port; null for protocols without ports. */
  readonly port?: unknown
  /** Default TCP. */
  readonly protocol?: unknown
  /** The packet is a reply: the connection `to` -> `from` is judged (S54). */
  readonly reply?: unknown
}

/** A probe whose ends have been found in one epoch. */
export interface ResolvedProbe {
  readonly id: unknown
  readonly from: End
  readonly to: End
  readonly protocol: number
  /** -1 for none. */
  readonly port: number
  /** An address was claimed by several live pods, so whose it was is a choice. */
  readonly isAmbiguous: boolean
}

export interface ProbeError {
  readonly id?: unknown
  readonly error: string
}

export interface Responsible {
  readonly direction: Direction
  readonly policies: readonly string[]
  readonly rules?: readonly string[]
  readonly reason: Reason
}

export interface ProbeAnswer {
  readonly id?: unknown
  readonly verdict: Answer['verdict']
  readonly egress: DirectionAnswer['verdict']
  readonly ingress: DirectionAnswer['verdict']
  readonly responsible: readonly Responsible[]
  /** Of denials only. */
  readonly nearest?: readonly (Omit<NearestMiss, 'policy'> & { readonly policy: string })[]
  readonly leftOut?: readonly string[]
  readonly certainty?: 'candidates'
}

/** Answers a probe, or says what is wrong with it. */
export function askProbe(epoch: Epoch, probe: unknown): ProbeAnswer | ProbeError {
  const resolved = readProbe(epoch, probe)
  if (isProbeError(resolved)) return resolved
  const { from, to, protocol, port } = resolved
  return answerOf(epoch, resolved, epoch.evaluate(from, to, protocol, port))
}

export function isProbeError(value: object): value is ProbeError {
  return 'error' in value
}

/** Checks a probe and finds its ends in the epoch. */
export function readProbe(epoch: Epoch, probe: unknown): ResolvedProbe | ProbeError {
  if (typeof probe !== 'object' || probe === null || Array.isArray(probe))
    return { error: `a probe must be an object, not ${quote(probe)}` }
  const { id } = probe as Probe
  const read = resolveProbe(epoch, probe)
  return typeof read === 'string' ? { ...(id != null && { id }), error: read } : read
}

/** The probe with its ends, or what is wrong with it. */
function resolveProbe(epoch: Epoch, probe: Probe): ResolvedProbe | string {
  const protocol = readProtocol(probe.protocol ?? 'TCP')
  if (typeof protocol === 'string') return protocol
  const port = readPort(probe.port ?? null, protocol)
  if (typeof port === 'string') return port
  const reply = probe.reply ?? false
  if (typeof reply !== 'boolean') return `reply: must be true or false, not ${quote(reply)}`
  const from = readName(epoch, 'from', probe.from)
  if (typeof from === 'string') return from
  const to = readName(epoch, 'to', probe.to)
  if (typeof to === 'string') return to
  const [initiator, responder] = reply ? [to, from] : [from, to]
  const [fromAddress, toAddress] = addressesFor(initiator, responder)
  return {
    id: probe.id,
    from: endOf(epoch, initiator, fromAddress),
    to: endOf(epoch, responder, toAddress),
    protocol,
    port,
    isAmbiguous: isContested(epoch, from) || isContested(epoch, to),
  }
}

function readProtocol(value: unknown): number | string {
  const protocol = typeof value === 'string' ? protocolNumber(value) : undefined
  return protocol ?? `protocol: ${quote(value)} is not one of ${protocolNames.join(', ')}`
}

function readPort(value: unknown, protocol: number): number | string {
  const name = protocolName(protocol)
  if (!hasPolicyPorts(protocol))
    return value === null ? -1 : `port: ${name} has no ports, so it must be null, not ${quote(value)}`
  if (value === null) return `port: missing, ${name} needs one from 1 to 65535`
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535) return value
  return `port: ${quote(value)} is not a number from 1 to 65535`
}

/** `pod` is undefined for what was written as an address. */
interface Named {
  readonly pod: PodEntry | undefined
  readonly addresses: readonly Address[]
}

/** `ns/pod` or an address; text says what is wrong with it. */
function readName(epoch: Epoch, field: 'from' | 'to', value: unknown): Named | string {
  if (typeof value !== 'string' || value === '') {
    return `${field}: must be "ns/pod" or an IP address, not ${quote(value)}`
  }
  if (value.includes('/')) return readPod(epoch, field, value)
  const address = parseAddress(value)
  if (address === undefined) return `${field}: ${quote(value)} is neither "ns/pod" nor an IP address`
  return { pod: undefined, addresses: [address] }
}

/** A finished pod sends nothing, and its address may be another's by now (S60): to ask for it by name is a mistake. */
function readPod(epoch: Epoch, field: 'from' | 'to', name: string): Named | string {
  const entry = epoch.entryNamed(name)
  if (entry === undefined) return `${field}: no pod ${quote(name)} in this world`
  const { pod } = entry
  const addresses = addressesOf(entry)
  if (isFinished(pod))
    return `${field}: pod ${quote(name)} has ${pod.phase.toLowerCase()} and owns no address any more`
  if (addresses.length === 0) return `${field}: pod ${quote(name)} has no address yet`
  return { pod: entry, addresses }
}

/** S33: a pod uses its address of the other end's family. Two pods use the first family of `from` that both have. */
function addressesFor(from: Named, to: Named): [Address, Address] {
  for (const address of from.addresses) {
    const same = to.addresses.find(other => isIPv4(other) === isIPv4(address))
    if (same !== undefined) return [address, same]
  }
  return [from.addresses[0]!, to.addresses[0]!]
}

function endOf(epoch: Epoch, { pod }: Named, address: Address): End {
  return pod === undefined ? epoch.resolve(address) : epoch.endOf(pod, address)
}

function isContested(epoch: Epoch, { pod, addresses }: Named): boolean {
  return pod === undefined && epoch.claimants(addresses[0]!).length > 1
}

/** The output line of an answer. */
export function answerOf(epoch: Epoch, probe: ResolvedProbe, answer: Answer): ProbeAnswer {
  const { verdict, egress, ingress } = answer
  const judged = [egress, ingress].filter(each => each.verdict !== 'n/a')
  const leftOut = leftOutOf(egress, ingress)
  const isSure =
    leftOut.length === 0 &&
    !probe.isAmbiguous &&
    !isOpen(egress) &&
    !isOpen(ingress) &&
    // An address of a pod network that is no known pod's may have policies of its own, or be whom a rule admits.
    probe.from.kind !== 'unknown' &&
    probe.to.kind !== 'unknown'
  return {
    ...(probe.id != null && { id: probe.id }),
    verdict,
    egress: egress.verdict,
    ingress: ingress.verdict,
    responsible: judged.map(responsibleOf),
    ...(verdict === 'denied' && { nearest: nearestOf(epoch, probe) }),
    ...(leftOut.length > 0 && { leftOut }),
    ...(!isSure && { certainty: 'candidates' }),
  }
}

/** Does the answer rest on a choice, or on a name that nobody knows? */
function isOpen({ undefinedChoice, unknownName }: DirectionAnswer): boolean {
  return undefinedChoice || unknownName
}

function leftOutOf(egress: DirectionAnswer, ingress: DirectionAnswer): readonly string[] {
  if (egress.leftOut.length === 0) return ingress.leftOut
  return [...new Set([...egress.leftOut, ...ingress.leftOut])].sort()
}

/** Answers are shared, so what is printed of them is too. */
const printed = new WeakMap<DirectionAnswer, Responsible>()

function responsibleOf(answer: DirectionAnswer): Responsible {
  let responsible = printed.get(answer)
  if (responsible === undefined) {
    responsible = printResponsible(answer)
    printed.set(answer, responsible)
  }
  return responsible
}

function printResponsible({ direction, witnesses, reason }: DirectionAnswer): Responsible {
  // A rule that passed a packet on answers for nothing.
  const answering = witnesses.filter(({ role }) => role !== 'passes')
  const policies = [...new Set(answering.map(({ policy }) => policy.key))]
  const rules = answering.filter(({ rule }) => rule >= 0).map(({ policy, rule }) => `${policy.key}#${rule}`)
  return { direction, policies, ...(rules.length > 0 && { rules }), reason: reason! }
}

function nearestOf(epoch: Epoch, { from, to, protocol, port }: ResolvedProbe): ProbeAnswer['nearest'] & {} {
  return epoch.nearest(from, to, protocol, port).map(miss => ({ ...miss, policy: miss.policy.key }))
}
