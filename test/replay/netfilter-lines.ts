// Kernel LOG lines about a world: rsyslog stamps, prefixes with and without a meaning, both families, packets that open a
// connection and packets that answer one, and lines that name no port.

import type { World } from '../../agent/policy/objects.ts'
import { readIp } from '../oracle/addresses.ts'
import type { Random } from '../oracle/random.ts'
import { isIPv6, pairOf, portsOf } from './places.ts'
import { createWriter, type Log, type Seen } from './seen.ts'

const prefixes = {
  denied: 'np-drop x ',
  rejected: 'np-reject x ',
  none: 'audit-trail x ',
} as const

export function netfilterLog(random: Random, world: World, count: number, start: number): Log {
  const writer = createWriter()
  const seen: Seen[] = []
  let foreign = 0
  let malformed = 0
  let at = start
  for (let index = 0; index < count; index++) {
    at += random.between(1, 900)
    if (random.chance(0.04)) {
      writer.write(`${stamp(at, 0)} node-0 systemd[1]: Started session ${index}.`)
      foreign++
      continue
    }
    const one = packetOf(random, world, at, writer.offset())
    if (random.chance(0.03)) {
      writer.write(one.lines[0]!.replace(/SRC=\S+/, 'SRC=10.0.0.300'))
      malformed++
      continue
    }
    writer.write(one.lines[0]!)
    seen.push(one)
  }
  return { source: 'netfilter-log', text: writer.text(), seen, foreign, malformed }
}

function packetOf(random: Random, world: World, at: number, offset: number): Seen {
  const pair = pairOf(random, world)
  const verdict = random.pick(['denied', 'denied', 'denied', 'rejected', 'none'] as const)
  const transport = random.pick(['TCP', 'TCP', 'TCP', 'UDP', 'UDP', 'ICMP', 'SCTP'] as const)
  const isReply = (transport === 'TCP' || transport === 'ICMP') && random.chance(0.2)
  const isFragment = !isReply && (transport === 'TCP' || transport === 'UDP') && random.chance(0.03)
  const port =
    transport === 'ICMP' ? null : transport === 'SCTP' || isFragment ? undefined : random.pick(portsOf(world))
  const sport = random.between(33000, 60000)
  const [from, to] = isReply ? [pair.to, pair.from] : [pair.from, pair.to]
  const layer4 = isFragment
    ? `FRAG:185 PROTO=${transport} `
    : layer4Text(transport, isIPv6(from), isReply, sport, port ?? 0)
  const bytes = transport === 'UDP' ? 48 : 60
  const line =
    `${stamp(at, random.pick([0, 0, 120]))} node-0 kernel: ${prefixes[verdict]}` +
    `${interfaces(world, from, to)} ${layer3Text(from, to, bytes)}${layer4}`
  return {
    source: 'netfilter-log',
    offsets: [offset],
    at,
    verdict,
    ...pair,
    transport,
    port,
    isBegun: true,
    bytes: isIPv6(from) ? bytes + 40 : bytes,
    lines: [line],
  }
}

/** `2026-11-22T12:00:00.123456+02:00`, for a clock that many minutes east of UTC. */
function stamp(at: number, zone: number): string {
  const local = new Date(at + zone * 60_000).toISOString().slice(0, 23)
  return `${local}000+0${zone / 60}:00`
}

function interfaces(world: World, from: string, to: string): string {
  const isNode = (ip: string) => world.nodes.some(node => node.addresses.includes(ip))
  return `IN=${isNode(from) ? '' : 'veth1'} OUT=${isNode(to) && !isNode(from) ? '' : 'veth2'}${isNode(from) ? '' : ' MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00'}`
}

function layer3Text(from: string, to: string, bytes: number): string {
  return isIPv6(from)
    ? `SRC=${long(from)} DST=${long(to)} LEN=${bytes + 40} TC=0 HOPLIMIT=63 FLOWLBL=0 `
    : `SRC=${from} DST=${to} LEN=${bytes} TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF `
}

function long(address: string): string {
  return readIp(address)!.value.toString(16).padStart(32, '0').match(/.{4}/g)!.join(':')
}

function layer4Text(transport: string, six: boolean, isReply: boolean, sport: number, port: number): string {
  const [spt, dpt] = isReply ? [port, sport] : [sport, port]
  switch (transport) {
    case 'TCP':
      return `PROTO=TCP SPT=${spt} DPT=${dpt} WINDOW=64240 RES=0x00 ${isReply ? 'ACK SYN' : 'SYN'} URGP=0 `
    case 'UDP':
      return `PROTO=UDP SPT=${spt} DPT=${dpt} LEN=28 `
    case 'SCTP':
      return 'PROTO=132 '
    default: {
      const type = six ? (isReply ? 129 : 128) : isReply ? 0 : 8
      return `PROTO=${six ? 'ICMPv6' : 'ICMP'} TYPE=${type} CODE=0 ID=${sport} SEQ=1 `
    }
  }
}
