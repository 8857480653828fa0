// What is asked of records, as one predicate, and as terms that an index can rule blocks out by.

import { type Cidr, inCidr, parseAddress, parseCidr } from '../address.ts'
import type { Facts } from './query-facts.ts'
import type { Endpoint } from './record.ts'

/** Each list: any of these; absent: everything. */
export interface Wanted {
  readonly event?: readonly string[]
  readonly verdict?: readonly string[]
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  readonly port?: readonly number[]
  /** `ns/name`, `Kind/name`, or `ns/*`. */
  readonly policy?: readonly string[]
}

export type IsWanted = (facts: Facts) => boolean

export function compileFilter(wanted: Wanted): IsWanted {
  const tests: IsWanted[] = []
  const { event, verdict, from, to, port, policy } = wanted
  if (event !== undefined) tests.push(facts => event.some(each => isNamed(each, facts.event)))
  // Checkpoints are about the segments, not about the cluster: found where they are asked for.
  else tests.push(facts => facts.event !== 'chain.checkpoint')
  if (verdict !== undefined)
    tests.push(facts => facts.verdict !== undefined && verdict.includes(facts.verdict))
  if (port !== undefined) tests.push(facts => facts.port !== undefined && port.includes(facts.port))
  if (policy !== undefined)
    tests.push(facts => facts.policies.some(name => policy.some(each => isNamed(each, name))))
  if (from !== undefined) tests.push(anyEnd(from, facts => [facts.src, facts.nat[0]]))
  if (to !== undefined) tests.push(anyEnd(to, facts => [facts.dst, facts.nat[1]]))
  return facts => tests.every(test => test(facts))
}

/** `data/*` is every one whose name begins with `data/`. */
function isNamed(wanted: string, name: string): boolean {
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : wanted === name
}

type EndOf = (facts: Facts) => readonly [end: Endpoint | undefined, nat: string | undefined]

function anyEnd(wanted: readonly string[], endOf: EndOf): IsWanted {
  const tests = wanted.map(endTest)
  return facts => {
    const [end, nat] = endOf(facts)
    return end !== undefined && tests.some(test => test(end, nat))
  }
}

type EndTest = (end: Endpoint, nat: string | undefined) => boolean

/** An address or CIDR, `ns` (or a node's name), `ns/name` of a pod, workload or Service, or `ns/Kind/name`. */
function endTest(wanted: string): EndTest {
  const cidr = cidrOf(wanted)
  if (cidr !== undefined) {
    const isInside = (ip: string | undefined) => {
      const address = ip === undefined ? undefined : parseAddress(ip)
      return address !== undefined && inCidr(cidr, address)
    }
    return (end, nat) => isInside(end.ip) || isInside(nat)
  }
  const parts = wanted.split('/')
  if (parts.length === 1) return end => end.ns === wanted || end.node === wanted
  if (parts.length === 3) return end => end.ns === parts[0] && end.wl === `${parts[1]}/${parts[2]}`
  return end => namesOf(end).some(name => isNamed(wanted, name))
}

/** Of an address, the CIDR that holds it alone; undefined for names. */
function cidrOf(text: string): Cidr | undefined {
  const address = parseAddress(text)
  return address === undefined ? parseCidr(text) : { address, bits: 128 }
}

/** Every `ns/name` that an end goes by. */
export function namesOf({ ns, pod, wl, svc, as }: Endpoint): readonly string[] {
  const names = [pod, wl?.slice(wl.indexOf('/') + 1), as].filter(name => name !== undefined)
  const named = names.map(name => `${ns}/${name}`)
  return svc === undefined ? named : [...named, svc]
}

/**
 * What of a record an index keeps: event, namespace or node, names, policies (`e:flow.denied`, `n:shop`, `w:shop/cart`,
 * `p:data/pg-ingress`). Addresses and ports are too many: any block may hold them.
 */
export function termsOf(facts: Facts): readonly string[] {
  const terms = new Set([`e:${facts.event}`, ...facts.policies.map(name => `p:${name}`)])
  for (const end of [facts.src, facts.dst]) {
    if (end === undefined) continue
    for (const name of [end.ns, end.node]) if (name !== undefined) terms.add(`n:${name}`)
    for (const name of namesOf(end)) terms.add(`w:${name}`)
  }
  return [...terms]
}

/** A block may hold what is wanted where it has one term of each of these lists. */
export function wantedTerms({ event, verdict, from, to, policy }: Wanted): readonly (readonly string[])[] {
  const lists = [
    event?.map(each => `e:${each}`),
    verdict?.map(each => `e:flow.${each}`),
    policy?.map(each => `p:${each}`),
    from?.map(endTerm),
    to?.map(endTerm),
  ]
  // A prefix or an address is in no list: such a wish rules nothing out.
  return lists.filter(list => list !== undefined).filter(list => !list.some(term => /\*$|^$/.test(term)))
}

function endTerm(wanted: string): string {
  if (cidrOf(wanted) !== undefined) return ''
  const parts = wanted.split('/')
  if (parts.length === 1) return `n:${wanted}`
  return `w:${parts[0]}/${parts.at(-1)}`
}
