// Felix sends the packets that its policies decide to NFLOG, groups 1 (ingress) and 2 (egress), with a prefix that says by which
// rule (calico-policy.ts). Who points ulogd at these groups has the verdict and the policy in every line.

import { type CalicoPrefix, calicoCause, calicoPolicies, readNflogPrefix } from './calico-policy.ts'
import { Cause, type Flow, type Reported, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'

export interface CalicoPrefixes {
  /** Completes what a packet means whose trimmed prefix is `bytes[start..end)`, where Calico wrote it and nothing else says. */
  observe(flow: Flow, bytes: Uint8Array, start: number, end: number): void
}

interface Meaning {
  readonly prefix: CalicoPrefix
  readonly reported: Reported
}

const I = 73
const E = 69
/** `DPI|x` */
const SHORTEST = 5

export function createCalicoPrefixes(): CalicoPrefixes {
  const meanings = createInterned(meaningOf)
  return {
    observe(flow, bytes, start, end) {
      if (end - start < SHORTEST || (bytes[start + 2] !== I && bytes[start + 2] !== E)) return
      if (flow.verdict !== Verdict.none) return
      const meaning = meanings.at(bytes, start, end)
      if (meaning === NONE) return
      flow.verdict = verdicts[meaning.prefix.action]
      flow.cause =
        flow.verdict === Verdict.denied ? calicoCause(meaning.prefix.policy) : allowedCause(meaning)
      flow.direction = meaning.prefix.direction
      flow.reported = meaning.reported
    },
  }
}

const verdicts = { allow: Verdict.allowed, deny: Verdict.denied, pass: Verdict.none } as const
const words = { allow: 'allowed', deny: 'denied', pass: 'passed' } as const

/** What a policy of Calico's own lets in, the NetworkPolicies were not asked about; what a profile lets in, none selects. */
function allowedCause({ prefix }: Meaning): Cause {
  const cause = calicoCause(prefix.policy)
  return prefix.action === 'allow' && cause === Cause.otherPolicy ? cause : Cause.none
}

const NONE = {} as Meaning

function meaningOf(text: string): Meaning {
  const prefix = readNflogPrefix(text)
  if (prefix === undefined) return NONE
  const { action, policy } = prefix
  return {
    prefix,
    reported: { by: 'calico', verdict: words[action], policies: calicoPolicies(policy), as: text },
  }
}
