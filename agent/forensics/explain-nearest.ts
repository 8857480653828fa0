// The rule that came nearest, and what it wanted.

import type { Side } from './explain.ts'
import type { Judged } from './explanation.ts'
import { printable } from './printable.ts'
import type { Endpoint, NearestEntry } from './record.ts'
import { deciding, endName, listed, type Term } from './words.ts'

/** The end that the rule's peers are about, as its policies see it. */
interface Peer {
  readonly who: string
  readonly kind: Endpoint['kind'] | 'rewritten'
  readonly ns: string
}

/** `place`: file and line of the rule, where it can be quoted. */
export function nearestSentence(
  record: Judged,
  side: Side,
  nearest: NearestEntry,
  place: string | undefined,
): string {
  const peer = peerOf(record, side)
  const terms = [nearest, ...(nearest.also ?? [])].map(term => termSentence(term, peer, record))
  const rule = printable(nearest.rule)
  const where = place === undefined ? '' : ` (${place})`
  const isOnly = deciding(side.policies).length === 1
  const subject = isOnly
    ? `Its nearest rule is ${rule}`
    : `The nearest rule is ${rule} of ${printable(nearest.policy)}`
  return `${subject}${where}: ${terms.join('; and ')}.`
}

function peerOf({ src, dst, nat }: Judged, { dir }: Side): Peer {
  if (dir === 'egress') return { who: 'the destination', kind: dst.kind, ns: printable(dst.ns ?? '') }
  const kind = nat?.src === undefined ? src.kind : 'rewritten'
  return { who: 'the client', kind, ns: printable(src.ns ?? '') }
}

function termSentence(term: Term, peer: Peer, record: Judged): string {
  const { failed } = term
  const { who, kind } = peer
  const [want, have] = [printable(term.want), printable(term.have)]
  if (failed.startsWith('ports')) return portText(want, have, record)
  if (failed.endsWith('.except'))
    return `its ipBlock leaves out ${want.replace(/(^|,)not /g, '$1')} (except), and ${who} is ${have}`
  if (failed.endsWith('.ipBlock'))
    return `it wants an address in ${want}, and ${who} is ${kind === 'pod' ? `a pod with the address ${have}` : have}`
  if (kind !== 'pod') return `it wants ${podsWith(failed, want)}, and ${who} is ${have}${notPod[kind]}`
  if (failed.endsWith('.namespaceSelector')) return namespaceText(want, have, peer)
  return `it wants a pod with ${want}, and ${who} has ${labels(have)}`
}

/** What a selector wants, where the other end is no pod at all. */
function podsWith(failed: string, want: string): string {
  if (want.startsWith('any ')) return want === 'any pod' ? 'a pod' : 'a pod of any namespace'
  return failed.endsWith('.namespaceSelector') ? `a pod of a namespace with ${want}` : `a pod with ${want}`
}

/** A peer that names no namespace means the policy's own (`namespace data`): the trap that is fallen into most. */
function namespaceText(want: string, have: string, { who, ns }: Peer): string {
  if (want.startsWith('namespace '))
    return `it names no namespace, so it means pods of its own, ${want}, and ${who} is in ${have}`
  return `it wants a namespace with ${want}, and namespace ${ns} has ${labels(have)}`
}

function portText(want: string, have: string, { dst }: Judged): string {
  if (!have.includes('/'))
    return `it names ports (${want}), and ${have} has none: only a rule without ports admits it`
  // Of ports only names begin with no digit.
  if (/^[^\d].*\//.test(want))
    return `it wants the container port that ${endName(dst)} calls ${want.slice(0, want.lastIndexOf('/'))} (${want.slice(want.lastIndexOf('/') + 1)}), and the packet is for ${have}`
  return `it wants port ${want}, and the packet is for ${have}`
}

/** `app=cart, no tier` for `app=cart,tier absent`. */
function labels(have: string): string {
  return listed(have.split(',').map(each => each.replace(/^(.*) absent$/, 'no label $1')))
}

const notPod: Readonly<Record<Exclude<Peer['kind'], 'pod'>, string>> = {
  node: ', the address of a node',
  service: ', the address of a Service',
  external: ', outside the cluster',
  unknown: ', which may be a pod that is not known',
  rewritten: '',
}
