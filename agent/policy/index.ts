// The policy engine: what the rest of the agent may use of it.

export type * from './answer.ts'
export { directions, SCTP, TCP, UDP } from './answer.ts'
export { type CaseProblem, caseWorld, type EvaluationCase } from './case-world.ts'
export { compile, type Epoch } from './epoch.ts'
export type { CidrText, IpBlock, NetworkPolicy, Peer, PortMatch, Rule } from './network-policy.ts'
export type * from './objects.ts'
export { parsePolicy } from './parse.ts'
export {
  answerOf,
  askProbe,
  isProbeError,
  type Probe,
  type ProbeAnswer,
  type ProbeError,
  type ResolvedProbe,
  readProbe,
} from './probe.ts'
export { isProfile, type Profile, profiles, type Traits, traits } from './profile.ts'
export { formatPort, protocolName, protocolNumber } from './protocol.ts'
export { isRejected, isTierPolicy, type Policy, type RejectedPolicy } from './rejected.ts'
export { formatSelector, matchesSelector, type Requirement, type Selector } from './selector.ts'
export { policyKey } from './state-edit.ts'
export {
  type Action,
  failsClosed,
  type TierName,
  type TierPeer,
  type TierPolicy,
  type TierPort,
  type TierRule,
} from './tier-policy.ts'
