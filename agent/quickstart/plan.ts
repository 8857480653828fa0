// What the node is made of, as the input of `ip -batch`: pods and outside hosts are network namespaces on routed veth pairs, so
// that every packet between two of them passes the node's FORWARD hook, as it does on a real node.

import type { Shop } from './shop.ts'

/** A host outside the cluster, with addresses from the documentation ranges. */
export interface Outsider {
  readonly alias: string
  readonly ips: readonly string[]
  readonly ports: readonly number[]
}

/** A namespace with one routed link to the node: a pod or an outsider. */
export interface Host {
  readonly alias: string
  readonly namespace: string
  /** The node's end of the link: what `IN=` and `OUT=` of a log line say. */
  readonly device: string
  readonly ips: readonly string[]
  readonly ports: readonly { readonly port: number; readonly protocol: string }[]
}

export interface Plan {
  /** What names of this run end with; see `isOfRun`. */
  readonly id: string
  readonly namespace: string
  readonly nodeIps: readonly string[]
  readonly hosts: readonly Host[]
}

/** Linux allows 15 characters. */
const longestDevice = 15

/** Leaves IPv6 addresses out where the kernel has none. */
export function planNode(shop: Shop, outsiders: readonly Outsider[], id: string, withIPv6 = true): Plan {
  const usable = (ips: readonly string[]) => ips.filter(ip => withIPv6 || !ip.includes(':'))
  const pods = shop.pods.map(({ alias, ips, ports }) => ({ alias, ips: usable(ips), ports }))
  const outside = outsiders.map(({ alias, ips, ports }) => ({
    alias,
    ips: usable(ips),
    ports: ports.map(port => ({ port, protocol: 'TCP' })),
  }))
  const hosts = [...pods, ...outside].map(host => ({
    ...host,
    namespace: `culprit-${id}-${host.alias.replace('/', '-')}`,
    device: deviceOf(host.alias, id),
  }))
  const devices = new Set(hosts.map(({ device }) => device))
  if (devices.size < hosts.length) throw new Error('Cannot plan the node: two pods begin with the same name')
  return { id, namespace: `culprit-${id}-node`, nodeIps: usable(shop.node.ips), hosts }
}

function deviceOf(alias: string, id: string): string {
  const suffix = `-${id}`
  return alias.slice(alias.indexOf('/') + 1).slice(0, longestDevice - suffix.length) + suffix
}

/** `ip -batch`: makes the namespaces. */
export function namespaceBatch({ namespace, hosts }: Plan): string {
  return lines([namespace, ...hosts.map(host => host.namespace)].map(name => `netns add ${name}`))
}

/** `ip -n NODE -batch`: the node's own addresses, and its end of every link with a route to the host behind it. */
export function nodeBatch({ nodeIps, hosts }: Plan): string {
  return lines([
    'link set lo up',
    ...nodeIps.map(ip => `addr add ${withLength(ip)} dev lo`),
    ...hosts.flatMap(({ device, namespace, ips }) => [
      `link add ${device} type veth peer name eth0 netns ${namespace}`,
      `link set ${device} up`,
      `addr add 169.254.1.1/32 dev ${device} scope link`,
      ...(ips.some(isIPv6) ? [`addr add fe80::1/64 dev ${device} nodad`] : []),
      ...ips.map(
        ip => `route add ${ip} dev ${device} ${isIPv6(ip) ? '' : 'scope link '}src ${sourceFor(ip, nodeIps)}`,
      ),
    ]),
  ])
}

/** `ip -n HOST -batch`: one address per family is the host's own, all routes lead to the node. */
export function hostBatch({ ips }: Host): string {
  return lines([
    'link set lo up',
    'link set eth0 up',
    ...ips.map(ip => `addr add ${withLength(ip)} dev eth0`),
    'route add 169.254.1.1 dev eth0 scope link',
    'route add default via 169.254.1.1 dev eth0',
    ...(ips.some(isIPv6) ? ['route add default via fe80::1 dev eth0'] : []),
  ])
}

/** The node speaks with its own address, not with the gateway's that the link has. */
function sourceFor(ip: string, nodeIps: readonly string[]): string {
  const own = nodeIps.find(address => isIPv6(address) === isIPv6(ip))
  if (own === undefined) throw new Error(`Cannot route to ${ip}: the Node has no address of its family`)
  return own
}

function isIPv6(ip: string): boolean {
  return ip.includes(':')
}

/** Without `nodad` an IPv6 address could not be used for its first second. */
function withLength(ip: string): string {
  return isIPv6(ip) ? `${ip}/128 nodad` : `${ip}/32`
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`
}
