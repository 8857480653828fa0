// What happens on the live agent's node, who is responsible for it, and which source tells of it: worked out by hand from the world's
// manifests. No two attempts are of the same pair, port and protocol, so that none is counted into another's record.

import type { Attempt, Way } from '../../agent/quickstart/scenario.ts'
import type { Addresses, LogPath } from './live-world.ts'

export interface LiveAttempt extends Attempt {
  /** Of a denial. */
  readonly path?: LogPath
  /** Policies of the other direction, where both deny. */
  readonly other?: readonly string[]
  /** The Service as the record has it. */
  readonly service?: string
}

const open: Way = { reason: 'not-isolated' }
const by = (...rules: string[]): Way => ({ reason: 'rule-matched', by: rules })
const tcp = { protocol: 'tcp' } as const

export function liveScenarios(net: Addresses): readonly LiveAttempt[] {
  return [
    ...ingress(net),
    ...egress(),
    ...addressesAndProtocols(net),
    ...throughService(net),
    ...throughUlogd(net),
  ]
}

function ingress(net: Addresses): readonly LiveAttempt[] {
  return [
    {
      ...tcp,
      about: 'allow by label, to a named port',
      from: 'front/web',
      to: 'front/api',
      port: 8080,
      expect: { verdict: 'allowed', egress: open, ingress: by('front/api-in ingress[0]') },
    },
    {
      ...tcp,
      about: 'deny by port',
      from: 'front/web',
      to: 'front/api',
      port: 9090,
      path: 'kmsg',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['front/api-in'],
        nearest: {
          policy: 'front/api-in',
          rule: 'ingress[0]',
          failed: 'ports[0]',
          want: 'http/TCP',
          have: '9090/TCP',
        },
      },
    },
    {
      ...tcp,
      about: 'deny by namespace: a podSelector alone means the own one',
      from: 'ops/probe',
      to: 'front/api',
      port: 8080,
      path: 'kmsg',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['front/api-in'],
        nearest: {
          policy: 'front/api-in',
          rule: 'ingress[0]',
          failed: 'from[0].namespaceSelector',
          want: 'namespace front',
          have: 'namespace ops',
        },
      },
    },
    {
      ...tcp,
      about: 'allow by ipBlock',
      from: 'partner',
      to: 'front/api',
      port: 9090,
      expect: { verdict: 'allowed', ingress: by('front/api-in ingress[1]') },
    },
    {
      ...tcp,
      about: 'deny by the except of an ipBlock',
      from: 'tenant',
      to: 'front/api',
      port: 9090,
      path: 'kmsg',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['front/api-in'],
        nearest: {
          policy: 'front/api-in',
          rule: 'ingress[1]',
          failed: 'from[0].ipBlock.except',
          have: net.outside(200),
        },
      },
    },
    {
      ...tcp,
      about: 'reject with a reset',
      from: 'ops/probe',
      to: 'strict/desk',
      port: 8080,
      path: 'kmsg',
      expect: {
        verdict: 'rejected',
        dir: 'ingress',
        policies: ['strict/desk-in'],
        nearest: {
          policy: 'strict/desk-in',
          rule: 'ingress[0]',
          failed: 'from[0].namespaceSelector',
          want: 'namespace strict',
          have: 'namespace ops',
        },
      },
    },
  ]
}

function egress(): readonly LiveAttempt[] {
  return [
    {
      ...tcp,
      about: 'allow egress to an ipBlock',
      from: 'jail/worker',
      to: 'partner',
      port: 443,
      expect: { verdict: 'allowed', egress: by('jail/worker-out egress[0]') },
    },
    {
      ...tcp,
      about: 'deny egress',
      from: 'jail/worker',
      to: 'tenant',
      port: 443,
      path: 'kmsg',
      expect: {
        verdict: 'denied',
        dir: 'egress',
        policies: ['jail/worker-out'],
        nearest: { policy: 'jail/worker-out', rule: 'egress[0]', failed: 'to[0].ipBlock' },
      },
    },
    {
      ...tcp,
      about: 'default deny both ways: the sender drops it, and the receiver would have',
      from: 'vault/safe',
      to: 'vault/key',
      port: 8443,
      path: 'kmsg',
      other: ['vault/default-deny'],
      expect: { verdict: 'denied', dir: 'egress', policies: ['vault/default-deny'] },
    },
    {
      ...tcp,
      about: 'both sides deny, each by a policy of its own: it is the sender who drops it',
      from: 'jail/worker',
      to: 'vault/key',
      port: 8443,
      path: 'kmsg',
      other: ['vault/default-deny'],
      expect: { verdict: 'denied', dir: 'egress', policies: ['jail/worker-out'] },
    },
    {
      ...tcp,
      about: 'default deny at the receiver alone',
      from: 'front/web',
      to: 'vault/key',
      port: 8443,
      path: 'kmsg',
      expect: { verdict: 'denied', dir: 'ingress', policies: ['vault/default-deny'] },
    },
  ]
}

function addressesAndProtocols(net: Addresses): readonly LiveAttempt[] {
  return [
    {
      about: 'allow UDP to a named port',
      from: 'front/web',
      to: 'front/api',
      port: 5353,
      protocol: 'udp',
      expect: { verdict: 'allowed', egress: open, ingress: by('front/api-in ingress[0]') },
    },
    {
      about: 'deny UDP',
      from: 'front/web',
      to: 'front/api',
      port: 8125,
      protocol: 'udp',
      path: 'kmsg',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['front/api-in'],
        nearest: {
          policy: 'front/api-in',
          rule: 'ingress[0]',
          failed: 'ports[1]',
          want: 'feed/UDP',
          have: '8125/UDP',
        },
      },
    },
    {
      about: 'allow ICMP by a rule without ports',
      from: 'jail/worker',
      to: 'front/api',
      protocol: 'icmp',
      expect: {
        verdict: 'allowed',
        egress: by('jail/worker-out egress[1]'),
        ingress: by('front/api-in ingress[2]'),
      },
    },
    {
      about: 'deny ICMP: a rule with ports does not let it in',
      from: 'front/web',
      to: 'front/api',
      protocol: 'icmp',
      path: 'kmsg',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['front/api-in'],
        nearest: { policy: 'front/api-in', rule: 'ingress[0]', failed: 'ports[0]', have: 'ICMP' },
      },
    },
    {
      ...tcp,
      about: 'allow over IPv6',
      from: 'jail/worker',
      to: 'front/api',
      address: net.pod(12)[1],
      port: 9090,
      expect: {
        verdict: 'allowed',
        egress: by('jail/worker-out egress[1]'),
        ingress: by('front/api-in ingress[2]'),
      },
    },
    {
      ...tcp,
      about: 'deny over IPv6',
      from: 'ops/probe',
      to: 'front/api',
      address: net.pod(12)[1],
      port: 9090,
      path: 'kmsg',
      expect: { verdict: 'denied', dir: 'ingress', policies: ['front/api-in'] },
    },
    {
      about: 'deny ICMPv6',
      from: 'ops/probe',
      to: 'front/api',
      address: net.pod(12)[1],
      protocol: 'icmp',
      path: 'kmsg',
      expect: { verdict: 'denied', dir: 'ingress', policies: ['front/api-in'] },
    },
  ]
}

function throughService(net: Addresses): readonly LiveAttempt[] {
  return [
    {
      ...tcp,
      about: 'allow through a Service: the pod and its port behind the address',
      from: 'jail/worker',
      to: 'front/api',
      address: net.service(20),
      port: 80,
      targetPort: 8080,
      service: 'front/api',
      expect: {
        verdict: 'allowed',
        egress: by('jail/worker-out egress[1]'),
        ingress: by('front/api-in ingress[2]'),
      },
    },
    {
      ...tcp,
      about: 'deny through a Service, by the policy of the pod behind it',
      from: 'ops/probe',
      to: 'emu/db',
      address: net.service(21),
      port: 5432,
      targetPort: 5432,
      path: 'logemu',
      expect: { verdict: 'denied', dir: 'ingress', policies: ['emu/db-in'] },
    },
  ]
}

function throughUlogd(net: Addresses): readonly LiveAttempt[] {
  return [
    {
      ...tcp,
      about: 'deny by label, told by ulogd as text',
      from: 'front/web',
      to: 'emu/db',
      port: 5432,
      path: 'logemu',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['emu/db-in'],
        nearest: {
          policy: 'emu/db-in',
          rule: 'ingress[0]',
          failed: 'from[0].podSelector',
          want: 'app=api',
          have: 'app=web',
        },
      },
    },
    {
      ...tcp,
      about: 'allow what ulogd has nothing to say about',
      from: 'front/api',
      to: 'emu/db',
      port: 5432,
      expect: { verdict: 'allowed', egress: open, ingress: by('emu/db-in ingress[0]') },
    },
    {
      ...tcp,
      about: 'deny by label, told by ulogd as JSON',
      from: 'front/web',
      to: 'json/cache',
      port: 6379,
      path: 'json',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['json/cache-in'],
        nearest: {
          policy: 'json/cache-in',
          rule: 'ingress[0]',
          failed: 'from[0].podSelector',
          want: 'app=api',
          have: 'app=web',
        },
      },
    },
    {
      ...tcp,
      about: 'deny by port over IPv6, told by ulogd as JSON',
      from: 'front/api',
      to: 'json/cache',
      address: net.pod(19)[1],
      port: 6380,
      path: 'json',
      expect: {
        verdict: 'denied',
        dir: 'ingress',
        policies: ['json/cache-in'],
        nearest: {
          policy: 'json/cache-in',
          rule: 'ingress[0]',
          failed: 'ports[0]',
          want: 'redis/TCP',
          have: '6380/TCP',
        },
      },
    },
    {
      about: 'deny ICMP, told by ulogd as text',
      from: 'ops/probe',
      to: 'emu/db',
      protocol: 'icmp',
      path: 'logemu',
      expect: { verdict: 'denied', dir: 'ingress', policies: ['emu/db-in'] },
    },
    {
      about: 'deny UDP, told by ulogd as JSON',
      from: 'ops/probe',
      to: 'json/cache',
      port: 9,
      protocol: 'udp',
      path: 'json',
      expect: { verdict: 'denied', dir: 'ingress', policies: ['json/cache-in'] },
    },
  ]
}
