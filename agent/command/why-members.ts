// The addresses that FROM and TO stand for at one time: of a pod, of every pod of a workload, of the pods behind a Service.

import { type Address, isIPv4, parseAddress } from '../address.ts'
import { formatPort } from '../policy/index.ts'
import type { Pod } from '../policy/objects.ts'
import { UsageError, WorkError } from './errors.ts'
import { type Asked, isPodOf } from './why-ends.ts'
import type { Aim, Question } from './why-question.ts'

/** One end of a pair. A Service's pod was `called` at an address and port of the Service. */
export interface Member {
  readonly name: string
  readonly address: Address
  readonly port: number
  readonly called?: { readonly address: Address; readonly port: number } | undefined
}

/** A pod with addresses of both families is asked twice. */
export function memberName({ name, address }: Member): string {
  return isIPv4(address) || parseAddress(name) !== undefined ? name : `${name} over IPv6`
}

/** `pods` are those that were there. @throws WorkError where none was, UsageError where a Service has no such port. */
export function membersOf(
  question: Question,
  place: 'FROM' | 'TO',
  asked: Asked,
  pods: readonly Pod[],
  aim: Aim,
): readonly Member[] {
  if (asked.kind === 'address') return addressMembers(question, asked.name, asked.address, aim)
  const own = pods.filter(pod => isPodOf(asked, pod))
  if (own.length === 0) throw new WorkError(`Cannot answer: ${noPods(place, asked)}`)
  if (asked.kind !== 'service' || place === 'FROM') return own.flatMap(pod => addressesOf(pod, aim.port))
  return serviceMembers(question, asked, own, aim)
}

function noPods(place: 'FROM' | 'TO', asked: Asked): string {
  if (asked.kind === 'service' && asked.service.selector === undefined)
    return `Service ${asked.name} has no selector, so the pods behind it are not in the world`
  if (asked.kind === 'service') return `no running pod was behind Service ${asked.name} at that time`
  if (asked.kind === 'pod')
    return `pod ${asked.name} (${place}) was not running at that time, or had no address`
  return `no pod of ${asked.name} (${place}) was running at that time`
}

/** An address of a Service leads to its pods, as it does on a node. */
function addressMembers(
  { view }: Question,
  name: string,
  address: Address,
  { port, proto }: Aim,
): readonly Member[] {
  const match = port < 0 ? undefined : view.service(address, 0, port, proto)
  if (match === undefined || match.backends.length === 0) return [{ name, address, port }]
  return match.backends.flatMap(backend =>
    addressesOf(backend.pod, backend.port)
      .filter(member => isIPv4(member.address) === isIPv4(address))
      .map(member => ({ ...member, called: { address, port } })),
  )
}

function serviceMembers(
  question: Question,
  asked: Extract<Asked, { kind: 'service' }>,
  pods: readonly Pod[],
  aim: Aim,
): readonly Member[] {
  const { service } = asked
  const addresses = service.clusterIPs.flatMap(ip => parseAddress(ip) ?? [])
  // Nobody dials a headless Service by address: its name leads to the pods themselves.
  if (addresses.length === 0) return pods.flatMap(pod => addressesOf(pod, aim.port))
  const members = addresses.flatMap(address => addressMembers(question, asked.name, address, aim))
  const led = members.filter(member => member.called !== undefined)
  if (led.length > 0) return led
  const ports = service.ports.map(each => `${each.port}/${each.protocol}`)
  throw new UsageError(
    `Cannot answer: Service ${asked.name} has no port ${formatPort(aim.proto, aim.port)} that leads to a pod; it has ${ports.join(', ') || 'none'}`,
  )
}

function addressesOf(pod: Pod, port: number): Member[] {
  return pod.ips.flatMap(ip => {
    const address = parseAddress(ip)
    return address === undefined ? [] : [{ name: `${pod.ns}/${pod.name}`, address, port }]
  })
}
