// One vocabulary for what a record says: the short form, explanations and the golden pages use these words and no others for the
// same thing. Everything that somebody else named goes through `printable` on its way in.

import type { Unsure } from '../timeline/index.ts'
import type { Reason } from '../verdict/finding.ts'
import { printable } from './printable.ts'
import type { Endpoint, NearestEntry, PolicyEntry } from './record.ts'

/** What each reason means, as the end of a sentence. */
export const reasonWords: Readonly<Record<Reason, string>> = {
  'no-rule-matched': 'no rule matched',
  'rule-matched': 'a rule admits it',
  'not-isolated': 'no policy selects the pod in this direction',
  'explicit-deny': 'a rule denies it',
  'exempt-node': "traffic from the pod's own node is always allowed",
  'exempt-self': 'a pod cannot be blocked from itself',
  established: 'part of a connection that was already allowed',
  'other-policy': 'a policy of a kind that is not evaluated here',
  'not-a-policy': 'not the doing of a NetworkPolicy',
  unknown: 'the policies that decided are not known',
}

export const although = {
  allowed: 'although the policies allow it',
  denied: 'although the policies deny it',
} as const

export const justBefore = 'as the policies stood just before'

interface Doubt {
  /** A whole sentence: what is not known. */
  readonly because: string
  /** A whole sentence: what would settle it. */
  readonly surer: string
}

/** Why an answer is not certain, and what would make it surer: `why.unsure` for people. */
export const doubtWords: Readonly<Record<Unsure, Doubt>> = {
  'peer-unresolved': {
    because: 'It is not known who one of the two ends was, and that could change the answer',
    surer: 'A world that has every pod, or a log that prints every address and port, would tell',
  },
  'pod-starting': {
    because: 'One of the pods was just starting, so who had its address then is not settled',
    surer: 'A packet from some seconds later would tell',
  },
  'pod-terminating': {
    because: 'One of the pods was just ending, so its address may have been free already',
    surer: 'A timeline with the exact time of its deletion would tell',
  },
  'address-reused': {
    because: 'One of the addresses went from one pod to another at about this time',
    surer: 'A log with a finer clock, or the pods of a packet some seconds later, would tell',
  },
  'sync-gap': {
    because: 'The watch of the cluster was interrupted at about this time, so changes may have gone unseen',
    surer: 'A timeline without the gap would tell, such as the one that an agent of another node kept',
  },
  'policy-just-changed': {
    because: 'The policies changed just before, and the old ones explain this as well as the new ones do',
    surer: 'A packet from some seconds later would tell',
  },
  'clock-uncertain': {
    because: 'The time of this line is not known well enough to say which policies were in force',
    surer: 'A log with year, zone and fractions of a second would tell (zone= and year= of --log)',
  },
  'unsupported-policy': {
    because:
      'The cluster has policies of kinds that are not evaluated here, and one of them may have decided',
    surer: 'Only reading those policies tells',
  },
  'policy-left-out': {
    because:
      'A policy that could have had a say is not counted here: it is invalid, or the CNI names it and this world does not have it',
    surer: 'Correct it, for an API server would have refused it, or add it to the world',
  },
  'older-than-agent': {
    because: 'The connection is older than what was watched, so it may have been judged by earlier policies',
    surer: 'A new connection would tell',
  },
  'before-timeline': {
    because: 'It was before the first thing that is known of this cluster',
    surer: 'A timeline that begins earlier would tell',
  },
  'too-old': {
    because: 'It was longer ago than the history that is kept',
    surer: 'A recorded timeline of that day would tell (--world)',
  },
  aggregated: {
    because: 'The log counts many connections in one line and leaves addresses out',
    surer: 'A log with a line per connection would tell',
  },
  'undefined-choice': {
    because: 'Kubernetes leaves this case open, and CNIs decide it differently',
    surer: 'Say which CNI it is (--profile)',
  },
}

/** `ns/name`, or `Kind/name` for a cluster-scoped policy. */
export function policyName({ kind, ns, name }: Pick<PolicyEntry, 'kind' | 'ns' | 'name'>): string {
  return ns === undefined ? `${kind}/${name}` : `${ns}/${name}`
}

/** The policies that decide, but for those that only pass it on. */
export function deciding(policies: readonly PolicyEntry[] = []): readonly PolicyEntry[] {
  return policies.filter(({ role }) => role !== 'passes')
}

/** Who an end is: `ns/pod`, a node, a Service, an address. Printable. */
export function endName(end: Endpoint): string {
  return printable(
    end.pod !== undefined ? `${end.ns}/${end.pod}` : (end.node ?? end.svc ?? end.ip ?? someName(end)),
  )
}

/** An end whose address is hidden: some pod of a workload, or what the line calls it. */
function someName({ ns, wl, as }: Endpoint): string {
  const text = wl === undefined ? as : `${wl.slice(wl.indexOf('/') + 1)}-*`
  if (text === undefined) return ns === undefined ? 'unknown' : `${ns}/*`
  return ns === undefined ? text : `${ns}/${text}`
}

/** `data/pg-0:5432`; after an IPv6 address ` port 5432`. */
export function endText(end: Endpoint): string {
  const host = endName(end)
  return end.port === undefined
    ? host
    : host.includes(':')
      ? `${host} port ${end.port}`
      : `${host}:${end.port}`
}

export type Term = Pick<NearestEntry, 'failed' | 'want' | 'have'>

/** The kind of a term is told by what it wants, so its place is enough; but a namespace's labels look like a pod's. Not printable yet. */
export function termText({ failed, want, have }: Term): string {
  const place = failed.replace(/\.(podSelector|namespaceSelector|ipBlock)$/, '')
  return `${place} wants ${isOfNamespace(failed, want) ? 'a namespace with ' : ''}${want}, has ${have}`
}

function isOfNamespace(failed: string, want: string): boolean {
  return failed.endsWith('.namespaceSelector') && !want.includes('namespace')
}

/** `a`, `a and b`, `a, b and c` */
export function listed(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** As a sentence begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `1 pod`, `2 pods` */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** `2 s`, `7 min 44 s`, `3 h 5 min`, `4 days 2 h` from seconds. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'less than a second'
  const s = Math.floor(seconds)
  if (s < 60) return `${s} s`
  if (s < 3600) return pair(s, 60, 'min', 1, 's')
  if (s < 86_400) return pair(s, 3600, 'h', 60, 'min')
  return pair(s, 86_400, s < 172_800 ? 'day' : 'days', 3600, 'h')
}

function pair(s: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((s % big) / small)
  return `${Math.floor(s / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** `2026-11-22 14:48:46 UTC` from a record's time. */
export function dayAndClock(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`
}

/** The clock alone on the same day as another time. */
export function clockAfter(time: string, other: string | undefined): string {
  return other?.slice(0, 10) === time.slice(0, 10) ? time.slice(11, 19) : dayAndClock(time)
}
