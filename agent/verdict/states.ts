// What the policies of each state say about one connection: the state in force at its time, those that were in force within the
// enforcement lag before, newest first, and those that were written already and had not reached this node.

import { parseAddress } from '../address.ts'
import type { Answer, Direction, DirectionAnswer, End, Epoch, NearestMiss } from '../policy/index.ts'
import type { Pod } from '../policy/objects.ts'
import { hasPolicyPorts } from '../policy/protocol.ts'
import { type Place, podOf, type Question } from './question.ts'

export interface StateAnswer {
  readonly egress: DirectionAnswer
  readonly ingress: DirectionAnswer
  /** The responder is a Service whose pods would not all get this answer. */
  readonly isMixed: boolean
  nearest(direction: Direction): readonly NearestMiss[]
  /** What the answer would be at some port, where the line does not print which it was. */
  atOtherPorts(direction: Direction): 'same' | 'other rules' | 'other verdict'
}

/** An end that the responder may turn out to be: itself, or a pod behind the Service that was dialled. */
interface Target {
  readonly end: End
  readonly port: number
}

export function answerStates(question: Question): StateAnswer[] {
  return [question.view.epoch, ...question.view.past.map(state => state.epoch)].map(epoch =>
    answerState(question, epoch),
  )
}

function answerState(question: Question, epoch: Epoch): StateAnswer {
  const from = endOf(question, epoch, question.initiator)
  const seen = question.seen === question.initiator ? from : endOf(question, epoch, question.seen)
  const targets = targetsOf(question, epoch)
  const answers = targets.map(target => answerTarget(epoch, from, seen, target, question.proto))
  const first = answers[0]!
  return {
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
      return epoch.nearest(direction === 'egress' ? from : seen, end, question.proto, port, direction)
    },
  }
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

/** The ports at which an answer can change: those that rules begin with, and those that the destination gives names. */
function portsNamed(
  epoch: Epoch,
  subject: Pod,
  destination: Pod | undefined,
  direction: Direction,
): number[] {
  const rules = epoch.policiesOf(subject, direction).flatMap(policy => policy[direction])
  const numbers = rules.flatMap(rule => rule.ports.map(match => match.port ?? 1))
  return [...numbers, ...(destination?.ports ?? []).map(port => port.port)]
}
