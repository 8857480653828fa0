// Services as address translation, as kube-proxy would do it: what a client wrote becomes a pod and its targetPort before any
// policy looks at the packet.

import { type Family, familyOf } from './matches.ts'
import type { Shop, ShopPod, ShopService } from './shop.ts'

export function servicesChain(shop: Shop): string {
  const rules = shop.services.flatMap(service =>
    service.ports.flatMap(port => serviceRules(service, port, shop)),
  )
  return [
    '  chain services {',
    '    type nat hook prerouting priority dstnat; policy accept;',
    ...rules.map(rule => `    ${rule}`),
    '  }',
  ].join('\n')
}

function serviceRules(service: ShopService, port: ShopService['ports'][number], shop: Shop): string[] {
  const backends = shop.pods.filter(
    pod =>
      pod.ns === service.ns &&
      Object.entries(service.selector).every(([key, value]) => pod.labels[key] === value),
  )
  return service.ips.flatMap(address => {
    const family = familyOf(address)
    const targets = backends.flatMap(pod => targetsOf(pod, port, family))
    if (targets.length === 0) return []
    return [
      `${family} daddr ${address} ${port.protocol.toLowerCase()} dport ${port.port} ${translation(family, targets)}`,
    ]
  })
}

function targetsOf(
  pod: ShopPod,
  { targetPort, protocol }: ShopService['ports'][number],
  family: Family,
): string[] {
  const named = pod.ports.find(({ name, protocol: own }) => name === targetPort && own === protocol)?.port
  const number = typeof targetPort === 'number' ? targetPort : named
  return number === undefined
    ? []
    : pod.ips.filter(ip => familyOf(ip) === family).map(ip => `${ip} . ${number}`)
}

function translation(family: Family, targets: readonly string[]): string {
  const elements = targets.map((target, index) => `${index} : ${target}`).join(', ')
  return `dnat ${family} to numgen inc mod ${targets.length} map { ${elements} }`
}
