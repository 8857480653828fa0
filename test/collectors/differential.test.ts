// The byte scanners against slow readings of the same lines, by regular expressions and JSON.parse.

import { existsSync, readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { formatAddress, parseAddress } from '../../agent/address.ts'
import { Outcome } from '../../collectors/collector.ts'
import { type Flow, Verdict, verdictNames } from '../../collectors/flow.ts'
import type { HubbleCollector } from '../../collectors/hubble.ts'
import { formatByName } from '../../collectors/index.ts'
import { conntrackLines, hubbleLines, logLines } from '../bench/generate.ts'
import { fileLines, options, readOne, shared } from './flows.ts'

const GENERATED = 15_000

type Reading = Record<string, unknown>

const canonical = (text: string | undefined): string | undefined => {
  const words = text === undefined ? undefined : parseAddress(text)
  return words === undefined ? undefined : formatAddress(words)
}

const port = (text: string | undefined): number => (text === undefined ? -1 : Number(text))

function conntrackReading(line: string): Reading {
  const tuple = String.raw`src=(\S+) dst=(\S+)(?: sport=(\d+) dport=(\d+))?`
  const found = new RegExp(
    String.raw`^(?:\[(\d+)\.(\d{6})\])?\s*(?:\[(\w+)\])?.*?(\d+) (?:\d+ )?(?:[A-Z]\w+ )?${tuple}(?:.*?packets=(\d+) bytes=(\d+))?.*? ${tuple}`,
  ).exec(line)!
  const [, seconds, micros, event, proto, src, dst, sport, dport, , , rsrc, rdst, rsport, rdport] = found
  const original = line.slice(0, line.lastIndexOf('src='))
  return {
    time: seconds === undefined ? Number.NaN : Number(seconds) * 1e6 + Number(micros),
    event: ['NEW', 'UPDATE', 'DESTROY'].indexOf(event ?? '') + 1 || 4,
    proto: Number(proto),
    tuple: [canonical(src), canonical(dst), port(sport), port(dport)],
    reply: [canonical(rsrc), canonical(rdst), port(rsport), port(rdport)],
    replied: !line.includes('[UNREPLIED]'),
    packets: Number(/packets=(\d+)/.exec(original)?.[1] ?? 0),
    bytes: Number(/bytes=(\d+)/.exec(original)?.[1] ?? 0),
    age: Number(/delta-time=(\d+)/.exec(line)?.[1] ?? -1),
  }
}

function conntrackFields(flow: Flow): Reading {
  return {
    time: flow.time,
    event: flow.event,
    proto: flow.proto,
    tuple: [formatAddress(flow.address, 0), formatAddress(flow.address, 4), flow.sport, flow.dport],
    reply: [
      formatAddress(flow.address, 8),
      formatAddress(flow.address, 12),
      flow.replySport,
      flow.replyDport,
    ],
    replied: flow.replied,
    packets: flow.packets,
    bytes: flow.bytes,
    age: flow.age,
  }
}

const protocols: Record<string, number> = {
  TCP: 6,
  UDP: 17,
  ICMP: 1,
  ICMPv6: 58,
  AH: 51,
  ESP: 50,
  UDPLITE: 136,
}
const bits: Record<string, number> = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ECE: 64,
  CWR: 128,
  AE: 256,
}

function logReading(line: string): Reading {
  // The quoted packet of an ICMP error is left out.
  const text = line.replace(/ \[SRC=.*\]/, '')
  const key = (name: string): string | undefined => new RegExp(`(?:^| )${name}=(\\S*)`).exec(text)?.[1]
  const flags = / RES=\S+ (.*?)URGP=/.exec(text)?.[1]
  const proto = key('PROTO')!
  return {
    tuple: [canonical(key('SRC')), canonical(key('DST')), port(key('SPT')), port(key('DPT'))],
    proto: protocols[proto] ?? Number(proto),
    icmp: [Number(key('TYPE') ?? -1), Number(key('CODE') ?? -1)],
    flags: flags === undefined ? -1 : flags.split(' ').reduce((sum, name) => sum | (bits[name] ?? 0), 0),
  }
}

function logFields(flow: Flow): Reading {
  return {
    tuple: [formatAddress(flow.address, 0), formatAddress(flow.address, 4), flow.sport, flow.dport],
    proto: flow.proto,
    icmp: [flow.icmpType, flow.icmpCode],
    flags: flow.tcpFlags,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the slow reading takes JSON as it comes
function hubbleReading(flow: any): Reading {
  const [name, l4] = Object.entries<Record<string, number>>(flow.l4 ?? {})[0] ?? ['', {}]
  const isIcmp = name.startsWith('ICMP')
  const allowed = flow.verdict === 'FORWARDED' || flow.verdict === 'REDIRECTED'
  const denied = flow.verdict === 'DROPPED' || flow.verdict === 'ERROR'
  const policies = [
    ...(flow.egress_denied_by ?? []),
    ...(flow.ingress_denied_by ?? []),
    ...(flow.egress_allowed_by ?? []),
    ...(flow.ingress_allowed_by ?? []),
  ]
  const stamp = /^(.*?)(?:\.(\d+))?Z$/.exec(flow.time)!
  return {
    time: Date.parse(`${stamp[1]}Z`) * 1000 + Number((stamp[2] ?? '').padEnd(6, '0').slice(0, 6)),
    verdict: allowed ? 'allowed' : denied ? 'denied' : flow.verdict === 'AUDIT' ? 'audited' : 'none',
    tuple: [
      canonical(flow.IP.source),
      canonical(flow.IP.destination),
      isIcmp ? -1 : (l4.source_port ?? -1),
      isIcmp ? -1 : (l4.destination_port ?? -1),
    ],
    icmp: isIcmp ? [l4.type ?? 0, l4.code ?? 0] : [-1, -1],
    flags:
      l4.flags === undefined ? -1 : Object.keys(l4.flags).reduce((sum, flag) => sum | (bits[flag] ?? 0), 0),
    isReply: flow.is_reply === undefined ? 0 : flow.is_reply ? 2 : 1,
    policies: policies.map(policy => policy.name),
  }
}

function hubbleFields(flow: Flow): Reading {
  return {
    time: flow.time,
    verdict: verdictNames[flow.verdict],
    tuple: [formatAddress(flow.address, 0), formatAddress(flow.address, 4), flow.sport, flow.dport],
    icmp: [flow.icmpType, flow.icmpCode],
    flags: flow.tcpFlags,
    isReply: flow.isReply,
    policies: (flow.verdict === Verdict.none ? [] : (flow.reported?.policies ?? [])).map(name =>
      name.split('/').at(-1),
    ),
  }
}

function linesFor(format: string, next: () => string): string[] {
  const folder = new URL(`../fixtures/${format}/`, import.meta.url)
  const files = readdirSync(folder)
    .filter(name => name.endsWith('.log'))
    .map(name => new URL(name, folder))
  const sample = shared(`formats/samples/${format}.log`)
  if (existsSync(sample)) files.push(sample)
  const kept = files.flatMap(file =>
    fileLines(file).map(line => Buffer.from(line).toString().replace(/\n$/, '')),
  )
  return [...Array.from({ length: GENERATED }, next), ...kept]
}

function compare(
  t: Test,
  format: string,
  lines: readonly string[],
  slow: (line: string) => Reading,
  fields: (flow: Flow) => Reading,
): number {
  const collector = formatByName(format)!.create(options)
  let flows = 0
  for (const line of lines) {
    const { outcome, flow } = readOne(collector, line)
    if (outcome !== Outcome.flow) continue
    flows++
    const expected = JSON.stringify(slow(line))
    const found = JSON.stringify(fields(flow))
    if (found !== expected) {
      t.equal(found, expected, line.slice(0, 200))
      break
    }
  }
  t.ok(flows >= GENERATED, `${flows} flows compared`)
  return 'fallbacks' in collector ? (collector as HubbleCollector).fallbacks : 0
}

t.test('conntrack agrees with a regular expression', async t => {
  // GRE has keys where others have ports, and [start=] ages: the expression does not know them.
  const lines = linesFor('conntrack', conntrackLines({ live: 500 })).filter(
    line => !/srckey|\[start=|\[\d+\.\d\]/.test(line),
  )
  compare(t, 'conntrack', lines, conntrackReading, conntrackFields)
})

t.test('netfilter-log agrees with regular expressions', async t => {
  const lines = linesFor('netfilter-log', logLines()).filter(line => !line.startsWith('{'))
  compare(t, 'netfilter-log', lines, logReading, logFields)
})

t.test('hubble agrees with JSON.parse, and its walk understands every line of the exporter', async t => {
  const lines = linesFor('hubble', hubbleLines())
  const fallbacks = compare(t, 'hubble', lines, line => hubbleReading(JSON.parse(line).flow), hubbleFields)
  t.ok(fallbacks <= 8, `${fallbacks} lines went to JSON.parse: damaged ones of the fixtures`)
})
