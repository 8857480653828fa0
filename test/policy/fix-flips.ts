// What an edit opens and closes, found by asking the literal evaluator about everybody before and after it.

import { parseAddress } from '../../agent/address.ts'
import {
  compile,
  type Direction,
  type End,
  type Fix,
  type Profile,
  protocolNumber,
} from '../../agent/policy/index.ts'
import type { Pod, World } from '../../agent/policy/objects.ts'
import { readIp, writeIp } from '../oracle/addresses.ts'
import { ask } from '../oracle/oracle.ts'

export interface Service {
  readonly port: number | null
  readonly protocol: string
}

export interface Flips {
  readonly pods: Set<Pod>
  readonly addresses: Set<string>
  readonly subjects: Set<Pod>
  readonly services: Set<string>
  /** `subject's workload > peer's workload or address` */
  readonly pairs: Set<string>
  /** What was allowed and is denied now. */
  readonly closed: string[]
}

/** Live pods on the pod network that have an address. */
export function livePods(world: World): Pod[] {
  return world.pods.filter(
    ({ ips, hostNetwork, phase }) =>
      ips.length > 0 && !hostNetwork && phase !== 'Succeeded' && phase !== 'Failed',
  )
}

/** No address belongs to two pods, or to a pod and a node: then an address says who it is. */
export function hasClearAddresses(world: World): boolean {
  const texts = [...livePods(world).flatMap(pod => pod.ips), ...world.nodes.flatMap(node => node.addresses)]
  const owned = texts.map(canonical)
  return new Set(owned).size === owned.length
}

export function verdictOf(
  world: World,
  direction: Direction,
  subject: string,
  peer: string,
  { port, protocol }: Service,
): string {
  const [from, to] = direction === 'egress' ? [subject, peer] : [peer, subject]
  return ask(world, { from, to, port, protocol })![direction]
}

/** Says what one direction's verdict is in one world. */
export type Judge = (direction: Direction, subject: string, peer: string, service: Service) => string

export function literalJudge(world: World): Judge {
  return (...question) => verdictOf(world, ...question)
}

/** The engine's own: the differential tests hold it against the literal one, which takes a thousand times as long. */
export function compiledJudge(world: World, profile: Profile = 'upstream'): Judge {
  const epoch = compile(world, { profile })
  const ends = new Map<string, End>()
  const endOf = (text: string) => {
    const end = ends.get(text) ?? epoch.resolve(parseAddress(text)!)
    ends.set(text, end)
    return end
  }
  return (direction, subject, peer, { port, protocol }) => {
    const [from, to] = direction === 'egress' ? [subject, peer] : [peer, subject]
    return epoch.evaluate(endOf(from), endOf(to), protocolNumber(protocol)!, port ?? -1)[direction].verdict
  }
}

/** Everybody with everybody, pods at each of their addresses, in one direction. */
export function flipsOf(
  world: World,
  [before, after]: readonly [Judge, Judge],
  direction: Direction,
  addresses: readonly string[],
  services: readonly Service[],
): Flips {
  const flips: Flips = {
    pods: new Set(),
    addresses: new Set(),
    subjects: new Set(),
    services: new Set(),
    pairs: new Set(),
    closed: [],
  }
  const pods = livePods(world)
  const owner = new Map(pods.flatMap(pod => pod.ips.map(ip => [canonical(ip), pod] as const)))
  const others = [...world.nodes.flatMap(node => node.addresses), ...addresses]
  const peers = [...new Set([...owner.keys(), ...others.map(canonical)])]
  for (const subject of pods) {
    for (const peer of peers) {
      for (const service of services) {
        const question = [direction, subject.ips[0]!, peer, service] as const
        const [was, is] = [before(...question), after(...question)]
        if (was === 'allowed' && is === 'denied')
          flips.closed.push(`${subject.name} ${peer} ${service.port}/${service.protocol}`)
        if (was === 'denied' && is === 'allowed') note(flips, subject, owner.get(peer), peer, service)
      }
    }
  }
  return flips
}

/** One spelling for every address. */
export function canonical(text: string): string {
  return writeIp(readIp(text)!)
}

function note(flips: Flips, subject: Pod, pod: Pod | undefined, address: string, service: Service): void {
  flips.subjects.add(subject)
  flips.services.add(`${service.port}/${service.protocol}`)
  if (pod === undefined) flips.addresses.add(address)
  else flips.pods.add(pod)
  flips.pairs.add(
    `${subject.ns}/${subject.workload} > ${pod === undefined ? address : `${pod.ns}/${pod.workload}`}`,
  )
}

/** The same as `opens` says it, `ports` excepted. */
export function asOpens(flips: Flips): object {
  const addresses = [...flips.addresses].map(text => `${text}/${text.includes(':') ? 128 : 32}`)
  return {
    pods: flips.pods.size,
    namespaces: [...new Set([...flips.pods].map(pod => pod.ns))].toSorted(),
    ...(addresses.length > 0 && { addresses: addresses.join() }),
    ...(flips.subjects.size > 1 && { subjects: flips.subjects.size }),
  }
}

export function withoutPorts(fix: Fix): object {
  if (fix.kind === 'none') return {}
  const { ports, ...rest } = fix.opens
  return rest
}
