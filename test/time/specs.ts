// Random small NetworkPolicy specs, so that they matter for many packets and differ in what they name.

import type { Random } from '../oracle/random.ts'

export const apps = ['api', 'db', 'web']
export const ports = [80, 5432]

export function specOf(random: Random): object {
  const types = random.pick([['Ingress'], ['Ingress'], ['Egress'], ['Ingress', 'Egress']])
  return {
    podSelector: random.chance(0.4) ? {} : { matchLabels: { app: random.pick(apps) } },
    policyTypes: types,
    ...(types.includes('Ingress') ? { ingress: rulesOf(random, 'from') } : {}),
    ...(types.includes('Egress') ? { egress: rulesOf(random, 'to') } : {}),
  }
}

function rulesOf(random: Random, field: 'from' | 'to'): object[] {
  return Array.from({ length: random.pick([0, 1, 1, 2]) }, () => ({
    ...(random.chance(0.85) ? { [field]: [peerOf(random)] } : {}),
    ...(random.chance(0.4) ? { ports: [{ protocol: 'TCP', port: random.pick(ports) }] } : {}),
  }))
}

function peerOf(random: Random): object {
  return random.pick([
    { podSelector: { matchLabels: { app: random.pick(apps) } } },
    { namespaceSelector: { matchLabels: { team: random.pick(['a', 'b']) } } },
    { namespaceSelector: {}, podSelector: { matchLabels: { app: random.pick(apps) } } },
    { ipBlock: { cidr: random.pick(['10.0.0.0/16', '203.0.113.0/24', '0.0.0.0/0', '10.0.1.0/24']) } },
  ])
}
