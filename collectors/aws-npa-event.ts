// One policy event of the AWS network policy agent, from whatever it was written as, and what it says.

import { Outcome } from './collector.ts'
import { Cause, Direction, type Flow, type Reported, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'
import { integerIn, takeAddress } from './json-object.ts'
import { hasPorts, NO_PROTOCOL, protocolOf } from './protocol-names.ts'

export interface AwsEvent {
  readonly source: string
  readonly destination: string
  /** Numbers, or text of one. */
  readonly sport: unknown
  readonly dport: unknown
  readonly proto: string
  readonly verdict: string
  /** Empty where the release does not print it. */
  readonly direction: string
  readonly tier: string
  /** `ns/name`, where a build of the agent prints it. */
  readonly policy: string
}

export function conclude(event: AwsEvent, flow: Flow): Outcome {
  if (!takeEnds(event, flow) || !takeDirection(event, flow)) return Outcome.malformed
  // The agent's own bookkeeping: a tracked connection has gone.
  if (event.verdict === 'EXPIRED/DELETED') return Outcome.note
  if (event.verdict === 'DENY') flow.verdict = Verdict.denied
  else if (event.verdict === 'ACCEPT') flow.verdict = Verdict.allowed
  else return Outcome.malformed
  flow.cause = causeOf(event)
  flow.reported = reports.of(`${event.verdict} ${event.tier} ${event.policy}`)
  return Outcome.flow
}

function takeEnds(event: AwsEvent, flow: Flow): boolean {
  flow.proto = protocolIn(event.proto)
  if (flow.proto === NO_PROTOCOL) return false
  const sport = integerIn(event.sport, 65535)
  const dport = integerIn(event.dport, 65535)
  if (sport < 0 || dport < 0) return false
  // Without ports the agent prints 0.
  if (hasPorts(flow.proto) || sport > 0 || dport > 0) {
    flow.sport = sport
    flow.dport = dport
  }
  return takeAddress(event.source, flow, 0) && takeAddress(event.destination, flow, 4)
}

/** `UNKNOWN` is also ICMPv6, which the agent has no name for. */
function protocolIn(text: string): number {
  if (text === 'RESERVED') return 255
  return text === 'ANY PROTOCOL' ? -1 : protocolOf(text)
}

function takeDirection({ direction }: AwsEvent, flow: Flow): boolean {
  if (direction === 'egress') flow.direction = Direction.egress
  else if (direction === 'ingress') flow.direction = Direction.ingress
  else return direction === ''
  return true
}

/**
 * ADMIN and BASELINE are tiers of AWS's own ClusterNetworkPolicy (networking.k8s.aws), ERROR is the agent's fault. The default
 * of a pod is that of its NetworkPolicies: isolated or not.
 */
function causeOf({ tier, verdict }: AwsEvent): Cause {
  if (tier === 'ADMIN' || tier === 'BASELINE') return Cause.otherPolicy
  return tier === 'ERROR' && verdict === 'DENY' ? Cause.notPolicy : Cause.none
}

const reports = createInterned(reportOf)

/** Of `DENY NETWORK_POLICY ns/name`, the last two of which may be empty. */
function reportOf(text: string): Reported {
  const [verdict, tier, policy] = text.split(' ')
  return {
    by: 'aws',
    verdict: verdict === 'DENY' ? 'denied' : 'allowed',
    policies: policy === '' ? [] : [policy!],
    as: tier === '' ? verdict! : `${verdict} ${tier}`,
  }
}
