// Answers that were wrong once, each with the smallest world and line that show it: the differential test found them.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import { replay } from './differential.ts'

interface Example {
  readonly of: string
  readonly policies: readonly object[]
  /** Further pods, beside `shop/db` (10.0.0.3) and `shop/open` (10.0.0.4), both on node-0 (192.168.0.11). */
  readonly pods?: readonly object[]
  readonly log: readonly [format: string, ...lines: string[]]
  /** A part of the only record. */
  readonly wanted: object
}

const db = { matchLabels: { app: 'db' } }
const dbIn = policy('db-in', {
  podSelector: db,
  policyTypes: ['Ingress'],
  ingress: [{ ports: [{ port: 5432 }, { port: 5432, protocol: 'SCTP' }] }],
})
const dbOut = policy('db-out', { podSelector: db, policyTypes: ['Egress'], egress: [] })
// `except` may not be as large as its `cidr`: no API server takes this, so it is left out.
const broken = policy('broken', {
  podSelector: db,
  ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }],
})

const examples: readonly Example[] = [
  {
    of: 'agreement of the whole flow in both directions',
    policies: [dbIn],
    log: [
      'conntrack',
      '[1795341600.500000]\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=10.0.0.4 dst=10.0.0.3 sport=31006 dport=80 [UNREPLIED] src=10.0.0.3 dst=10.0.0.4 sport=80 dport=31006 id=6',
      '[1795341600.600000]\t [UPDATE] ipv4     2 tcp      6 60 SYN_RECV src=10.0.0.4 dst=10.0.0.3 sport=31006 dport=80 src=10.0.0.3 dst=10.0.0.4 sport=80 dport=31006 id=6',
    ],
    wanted: {
      egress: { reason: 'not-isolated', agreement: 'agrees' },
      ingress: { reason: 'no-rule-matched', agreement: 'contradicts' },
    },
  },
  {
    of: 'agreement of the whole flow in both directions',
    policies: [dbIn],
    log: ['hubble', hubble('10.0.0.4', '10.0.0.3', 'FORWARDED', 'EGRESS')],
    wanted: {
      egress: { reason: 'not-isolated', agreement: 'agrees' },
      ingress: { reason: 'no-rule-matched', agreement: 'undecided' },
    },
  },
  {
    of: 'blame for a direction that the line does not mean',
    policies: [dbOut],
    log: ['hubble', hubble('10.0.0.3', '10.1.0.99', 'DROPPED', 'INGRESS')],
    wanted: { why: { certainty: /^(?:candidates|unknown)$/ } },
  },
  {
    of: 'certain without knowing the port',
    policies: [dbIn],
    log: ['netfilter-log', kernel('10.0.0.4', '10.0.0.3', 'PROTO=132')],
    wanted: { why: { certainty: /^(?:candidates|unknown)$/ } },
  },
  {
    of: 'a masqueraded hairpin is not the pod itself',
    policies: [dbIn],
    log: [
      'conntrack',
      '[1795341600.500000]\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=10.0.0.3 dst=10.96.0.11 sport=31005 dport=80 [UNREPLIED] src=10.0.0.3 dst=192.168.0.99 sport=8080 dport=31005 id=5',
      '[1795341600.600000]\t [UPDATE] ipv4     2 tcp      6 60 SYN_RECV src=10.0.0.3 dst=10.96.0.11 sport=31005 dport=80 src=10.0.0.3 dst=192.168.0.99 sport=8080 dport=31005 id=5',
    ],
    wanted: { ingress: { reason: 'exempt-self', agreement: 'agrees' } },
  },
  {
    of: 'contradicts, with doubts about the other direction',
    policies: [broken],
    log: [
      'netfilter-log',
      kernel('10.0.0.4', '10.0.0.3', 'PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0'),
    ],
    wanted: { why: { agreement: 'undecided' } },
  },
  {
    of: 'contradicts, with doubts about the other direction',
    policies: [dbIn],
    pods: [pod('a-other', 'other', '10.0.0.5'), pod('b-db', 'db', '10.0.0.5')],
    log: [
      'netfilter-log',
      kernel('10.0.0.4', '10.0.0.5', 'PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0'),
    ],
    wanted: { why: { agreement: /^(?:agrees|undecided)$/ } },
  },
  {
    of: 'established without leftOut',
    policies: [dbIn, broken],
    log: [
      'conntrack',
      '[1795341600.600000]\t[DESTROY] ipv4     2 tcp      6 src=10.0.0.4 dst=10.0.0.3 sport=31006 dport=80 packets=4 bytes=240 src=10.0.0.3 dst=10.0.0.4 sport=80 dport=31006 packets=3 bytes=180 [ASSURED] id=6',
    ],
    wanted: { ingress: { reason: 'established', leftOut: ['shop/broken'] } },
  },
]

t.test('what was wrong once stays right', async t => {
  const folder = t.testdir({})
  for (const [index, { of, policies, pods = [], log, wanted }] of examples.entries()) {
    const [format, ...lines] = log
    const world = join(folder, `world-${index}.json`)
    const file = join(folder, `${index}.log`)
    writeFileSync(
      world,
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...cluster(), ...pods, ...policies] }),
    )
    writeFileSync(file, lines.map(line => `${line}\n`).join(''))
    const options = ['--log', `${format}:${file}`, '--allowed', 'full', '--stats', 'json']
    const { records } = await replay(['replay', '--world', world, ...options])
    t.match(records.filter(isFlowRecord), [wanted], `${of} (${index})`)
  }
})

function cluster(): object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-0' },
      spec: { podCIDRs: ['10.0.0.0/24'] },
      status: { addresses: [{ type: 'InternalIP', address: '192.168.0.11' }] },
    },
    pod('db', 'db', '10.0.0.3'),
    pod('open', 'open', '10.0.0.4'),
  ]
}

function pod(name: string, app: string, ip: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, uid: name, labels: { app } },
    spec: { nodeName: 'node-0', containers: [{ name: 'main' }] },
    status: { phase: 'Running', hostIP: '192.168.0.11', podIPs: [{ ip }] },
  }
}

function policy(name: string, spec: object): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name },
    spec,
  }
}

function kernel(src: string, dst: string, layer4: string): string {
  return `2026-11-22T10:00:01.000000+00:00 node-0 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${src} DST=${dst} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF ${layer4} `
}

/** A policy verdict about a SYN to port 80. */
function hubble(source: string, destination: string, verdict: string, direction: string): string {
  const flow = {
    time: '2026-11-22T10:00:01Z',
    verdict,
    IP: { source, destination, ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 41000, destination_port: 80, flags: { SYN: true } } },
    event_type: { type: 5 },
    traffic_direction: direction,
    ...(verdict === 'DROPPED' ? { drop_reason_desc: 'POLICY_DENIED' } : {}),
    is_reply: false,
  }
  return JSON.stringify({ flow, node_name: 'node-0', time: flow.time })
}
