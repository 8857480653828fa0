// Which policies decided one direction, what came nearest, and what NAT made of the connection.

import type { Side } from './explain.ts'
import { nearestSentence } from './explain-nearest.ts'
import type { Judged } from './explanation.ts'
import { printable } from './printable.ts'
import type { PolicyEntry } from './record.ts'
import { capital, deciding, endName, endText, listed, policyName, reasonWords } from './words.ts'

export function directionSentences(record: Judged, side: Side, place: string | undefined): string[] {
  const subject = side.dir === 'egress' ? record.src : record.dst
  const decided = decidedText(record, side, endName(subject))
  const nearest = side.nearest === undefined ? [] : [nearestSentence(record, side, side.nearest, place)]
  return [decided, ...nearest, ...passSentences(side)]
}

/** What the client called and what the server saw, where they are not the ends themselves. */
export function natSentences({ nat, src, dst }: Judged): string[] {
  const sentences: string[] = []
  if (nat?.dst !== undefined) {
    const service =
      dst.svc === undefined ? printable(nat.dst) : `Service ${printable(dst.svc)} (${printable(nat.dst)})`
    sentences.push(`${service} led to ${endText(dst)}: that pod and port is what policies judge.`)
  }
  if (nat?.src !== undefined)
    sentences.push(
      `On the way the client's address became ${printable(nat.src)}: ${endName(dst)} saw that one, and so do its ingress policies, which cannot tell that it was ${endName(src)}.`,
    )
  return sentences
}

function decidedText(record: Judged, side: Side, subject: string): string {
  const policies = namesOf(side)
  switch (side.reason) {
    case 'no-rule-matched':
      return noRuleText(side, policies, subject)
    case 'rule-matched':
      return `${capital(side.dir ?? '')}: ${rulesOf(side, 'admits')} ${admitting(side) > 1 ? 'let' : 'lets'} it ${side.dir === 'egress' ? 'out' : 'in'}.`
    case 'not-isolated':
      return `${capital(side.dir ?? '')}: no policy selects ${subject} in this direction, so everything may ${side.dir === 'egress' ? 'leave it' : 'reach it'}.`
    case 'explicit-deny':
      return denyText(side)
    case 'exempt-node':
      return `${capital(side.dir ?? '')}: ${endName(side.dir === 'egress' ? record.dst : record.src)} is the node that ${subject} runs on, and ${reasonWords['exempt-node']}: no policy can deny it.`
    case 'exempt-self':
      return `${subject} talks to itself here, and ${reasonWords['exempt-self']}.`
    case 'established':
      return `${capital(side.dir ?? '')}: the policies deny new connections like this one, but it is ${reasonWords.established}, and those usually live on until they end.`
    case 'other-policy':
      return otherPolicyText(record)
    case 'not-a-policy':
      return notPolicyText(record)
    case 'unknown':
      return `There is no answer to give: ${reasonWords.unknown}.`
  }
}

function otherPolicyText({ reported, verdict }: Judged): string {
  const by = reported === undefined ? 'the CNI' : printable(reported.by)
  const names = (reported?.policies ?? []).map(name => printable(name))
  const which = names.length === 0 ? '' : `: ${listed(names)}`
  return `${capital(by)} says that it was ${verdict} by ${reasonWords['other-policy']}${which}${ownWords(reported)}. Read that policy next.`
}

function noRuleText(side: Side, policies: string, subject: string): string {
  const many = isolating(side).length + (side.more ?? 0) > 1
  const doubt = side.certainty === 'certain' ? '' : `${many ? 'Candidates' : 'A candidate'}, not certain: `
  const start = `${doubt}${policies} ${many ? 'select' : 'selects'} ${subject} for ${side.dir}`
  if (side.nearest !== undefined) return `${start}, and ${reasonWords['no-rule-matched']}.`
  // A policy without rules has no nearest one.
  return `${start} without any ${side.dir} rule, so nothing gets through.`
}

/** Printable names. */
function isolating({ policies }: Side): readonly string[] {
  return [...new Set(deciding(policies).map(policyName))].map(name => printable(name))
}

function admitting({ policies, more }: Side): number {
  return deciding(policies).length + (more ?? 0)
}

/** AdminNetworkPolicy is asked before, BaselineAdminNetworkPolicy after NetworkPolicies. */
function denyText(side: Side): string {
  const denies = side.policies?.filter(policy => policy.role === 'denies') ?? []
  const order = denies.some(policy => policy.kind === 'AdminNetworkPolicy')
    ? ' It is asked before every NetworkPolicy, so none of those can allow it.'
    : denies.some(policy => policy.kind === 'BaselineAdminNetworkPolicy')
      ? ' It is asked last, where nothing else has decided: a NetworkPolicy that allows this would win over it.'
      : ''
  return `${rulesOf(side, 'denies')} denies it.${order}`
}

function passSentences(side: Side): string[] {
  const passes = side.policies?.filter(policy => policy.role === 'passes') ?? []
  if (passes.length === 0) return []
  return [`${listed(passes.map(ruleName))} passed it on to the policies that are asked next.`]
}

function notPolicyText(record: Judged): string {
  if (record.reported?.as !== undefined)
    return `It was ${reasonWords['not-a-policy']}: ${printable(record.reported.by)} gives another cause${ownWords(record.reported)}.`
  return `It was ${reasonWords['not-a-policy']}: neither end is a pod that any of them could select.`
}

function ownWords(reported: Judged['reported']): string {
  return reported?.as === undefined ? '' : `, in its words "${printable(reported.as, 120)}"`
}

function namesOf(side: Side): string {
  return listed([...isolating(side), ...(side.more ? [`${side.more} more`] : [])])
}

function rulesOf(side: Side, role: PolicyEntry['role']): string {
  const rules = (side.policies ?? []).filter(policy => policy.role === role).map(ruleName)
  return listed([...rules, ...(side.more ? [`${side.more} more`] : [])])
}

/** `ingress[0] of data/pg-ingress` */
function ruleName(policy: PolicyEntry): string {
  const name = printable(policyName(policy))
  return policy.rule === undefined ? name : `${policy.rule} of ${name}`
}
