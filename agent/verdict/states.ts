// What the policies of each state say about one connection: the state that this node knew of at its time, and every other one that
// the data plane may have had, because a change was not enforced yet or was enforced before this node knew of it.

import { parseAddress } from '../address.ts'
import type { Answer, Direction, DirectionAnswer, End, Epoch, Fix, NearestMiss } from '../policy/index.ts'
import type { Pod, PolicyObject } from '../policy/objects.ts'
import { hasPolicyPorts } from '../policy/protocol.ts'
import type { AppliedChange } from '../timeline/index.ts'
import { type Place, podOf, type Question } from './question.ts'

export interface StateAnswer {
  readonly epoch: Epoch
  /** Changes that this state does not have yet, newest first: the data plane lags behind them. */
  readonly undone: readonly AppliedChange[]
  /** Changes that this state has already, though this node did not know of them, oldest first. */
  readonly redone: readonly AppliedChange[]
  readonly egress: DirectionAnswer
  readonly ingress: DirectionAnswer
  /** The responder is a Service whose pods would not all get this answer. */
  readonly isMixed: boolean
  /** The one that came nearest, if any. */
  nearest(direction: Direction): readonly NearestMiss[]
  fix(direction: Direction): Fix | undefined
  /** What the answer would be at some port, where the line does not print which it was. */
  atOtherPorts(direction: Direction): 'same' | 'other rules' | 'other verdict'
}

/** An end that the responder may turn out to be: itself, or a pod behind the Service that was dialled. */
interface Target {
  readonly end: End
  readonly port: number
}

/** This node's own state first. Undefined where there are more states than can be told apart. */
export function answerStates(question: Question): StateAnswer[] | undefined {
  return question.view.possible(mattersTo(question))?.map(state => answerState(question, state))
}

/** The answer of this node's own state alone. */
export function ownAnswer(question: Question): StateAnswer {
  return answerState(question, { epoch: question.view.epoch, undone: [], redone: [] })
}

/** Policies of other namespaces, and labels of others, say nothing about this connection. */
export function mattersTo(question: Question): (change: AppliedChange) => boolean {
  // Mostly there is no change to ask about.
  let parties: Parties | undefined
  return change => {
    parties ??= partiesOf(question)
    const { pods, services, namespaces } = parties
    const { kind, key } = change
    if (kind === 'namespace') return namespaces.has(key)
    const object = (change.after ?? change.before)!
    if (kind === 'pod')
      return services.includes(change.after!.ns) || pods.some(pod => pod.uid === change.after!.uid)
    const { namespace } = (object as PolicyObject).metadata
    return namespace === undefined || namespaces.has(namespace)
  }
}

interface Parties {
  readonly pods: readonly Pod[]
  /** Namespaces of the Services that are addressed. */
  readonly services: readonly string[]
  readonly namespaces: ReadonlySet<string>
}

function partiesOf({ initiator, responder, seen }: Question): Parties {
  const ends = [initiator, responder, seen]
  const pods = ends.flatMap(({ owner }) => podOf(owner) ?? [])
  const services = ends.flatMap(({ owner }) => owner.service?.ns ?? [])
  return { pods, services, namespaces: new Set([...pods.map(pod => pod.ns), ...services]) }
}

export function answerState(
  question: Question,
  { epoch, undone, redone }: Pick<StateAnswer, 'epoch' | 'undone' | 'redone'>,
): StateAnswer {
  const from = endOf(question, epoch, question.initiator)
  const seen = question.seen === question.initiator ? from : endOf(question, epoch, question.seen)
  const targets = targetsOf(question, epoch)
  const answers = targets.map(target => answerTarget(epoch, from, seen, target, question.proto))
  const first = answers[0]!
  return {
    epoch,
    undone,
    redone,
    egress: first.egress,
    ingress: first.ingress,
    isMixed: answers.some(
      answer => answer.egress !== first.egress || answer.ingress.verdict !== first.ingress.verdict,
    ),
    atOtherPorts: direction => {
      if (question.port >= 0 || !hasPolicyPorts(question.proto)) return 'same'
      const [source, target] = [direction === 'egress' ? from : seen, targets[0]!.end]
      const subject = (direction === 'egress' ? source : target).pod
      const ports = subject === undefined ? [] : portsNamed(epoch, subject, target.pod, direction)
      const others = ports.map(port => epoch.evaluate(source, target, question.proto, port)[direction])
      if (others.some(other => other.verdict !== first[direction].verdict)) return 'other verdict'
      return others.some(other => other !== first[direction]) ? 'other rules' : 'same'
    },
    nearest: direction => {
      const { end, port } = targets[0]!
      return epoch.nearest(direction === 'egress' ? from : seen, end, question.proto, port, direction, 1)
    },
    fix: direction => {
      const { end, port } = targets[0]!
      return epoch.fix(direction === 'egress' ? from : seen, end, question.proto, port, direction)
    },
  }
}

/** What a state says to this direction if the data plane takes the peer's address for somebody else's, as it may. */
export function answersToOthers(question: Question, epoch: Epoch, direction: Direction): DirectionAnswer[] {
  const { initiator, responder, seen, address, proto, port } = question
  const peer = direction === 'egress' ? responder : seen
  const others = peer.owner.takenFor.map(pod => epoch.end(address, peer.at, pod))
  return others.map(other =>
    direction === 'egress'
      ? epoch.evaluate(endOf(question, epoch, initiator), other, proto, port).egress
      : epoch.evaluate(other, endOf(question, epoch, responder), proto, port).ingress,
  )
}

/** With source NAT the responder's policies judge the address they see (S57). */
function answerTarget(
  epoch: Epoch,
  from: End,
  seen: End,
  { end, port }: Target,
  proto: number,
): Pick<Answer, Direction> {
  const answer = epoch.evaluate(from, end, proto, port)
  // A pod that reaches itself through a Service is itself, whatever address it was masqueraded to (S51).
  const isSelf = from.pod !== undefined && from.pod === end.pod
  return seen === from || isSelf
    ? answer
    : { egress: answer.egress, ingress: epoch.evaluate(seen, end, proto, port).ingress }
}

function targetsOf(question: Question, epoch: Epoch): Target[] {
  const itself = [{ end: endOf(question, epoch, question.responder), port: question.port }]
  if (question.responder.owner.kind !== 'service') return itself
  const match = question.view.service(question.address, question.responder.at, question.port, question.proto)
  const backends = (match?.backends ?? []).flatMap(({ pod, port }) => {
    const text = pod.ips.find(ip => ip.includes(':') === isIPv6(question)) ?? pod.ips[0]
    const address = text === undefined ? undefined : parseAddress(text)
    return address === undefined ? [] : [{ end: epoch.end(address, 0, pod), port }]
  })
  return backends.length > 0 ? backends : itself
}

function isIPv6({ address, responder: { at } }: Question): boolean {
  return !(address[at] === 0 && address[at + 1] === 0 && address[at + 2] === 0xffff)
}

function endOf({ address }: Question, epoch: Epoch, { at, owner }: Place): End {
  return epoch.end(address, at, podOf(owner))
}

/** The ports at which an answer can change: where rules begin, behind where they end, and those that the destination gives names. */
function portsNamed(
  epoch: Epoch,
  subject: Pod,
  destination: Pod | undefined,
  direction: Direction,
): number[] {
  const rules = epoch.rulesOf(subject, direction)
  const bounds = rules.flatMap(rule =>
    rule.ports.flatMap(({ port = 1, endPort = port }) => [port, Math.min(endPort + 1, MAX_PORT)]),
  )
  return [...new Set([...bounds, ...(destination?.ports ?? []).map(port => port.port)])]
}

const MAX_PORT = 65_535
