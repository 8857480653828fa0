// Packets of a schedule, what the data plane did with them, and the lines that a log has of it.

import type { PolicyObject } from '../../agent/policy/objects.ts'
import { ask, type Responsible } from '../oracle/oracle.ts'
import type { Random } from '../oracle/random.ts'
import { isIPv6 } from '../replay/places.ts'
import { type Hazards, wallOf } from './hazards.ts'
import { us } from './objects.ts'
import { addresses, second } from './pods.ts'
import { END, type Schedule } from './schedule.ts'
import { ports } from './specs.ts'
import { type TruePod, tenantOf, worldAt } from './truth.ts'

/** The first packet of a connection, and what is true of it. */
export interface Packet {
  /** Seconds, in whole microseconds. */
  readonly at: number
  readonly from: string
  readonly to: string
  readonly port: number
  readonly verdict: 'allowed' | 'denied'
  readonly source: TruePod | undefined
  readonly destination: TruePod | undefined
  readonly responsible: readonly Responsible[]
  /** Those that were enforced, by key. */
  readonly policies: ReadonlyMap<string, PolicyObject>
}

const outside = ['203.0.113.9', '2001:db8::9']
const all = [...addresses, ...addresses.map(second), ...outside]

export function packetsOf(random: Random, schedule: Schedule, hazards: Hazards, count: number): Packet[] {
  const packets: Packet[] = []
  for (let tries = 0; packets.length < count && tries < count * 20; tries++) {
    const packet = packetOf(random, schedule, timeOf(random, schedule, hazards))
    const isToNobody = packet?.destination === undefined && !outside.includes(packet?.to ?? '')
    if (packet !== undefined && !(hazards.distance > 0 && isToNobody)) packets.push(packet)
  }
  return packets.toSorted((a, b) => a.at - b.at)
}

function timeOf(random: Random, { moments }: Schedule, { distance }: Hazards): number {
  for (let tries = 0; tries < 100; tries++) {
    const at = random.below(END * 1e6) / 1e6
    if (distance > 0 && moments.every(each => Math.abs(each - at) > distance)) return at
    if (distance > 0) continue
    if (moments.length === 0 || random.chance(0.2)) return at
    const near = random.pick(moments) + random.below(12_000) / 1000 - 5
    return Math.round(Math.max(0, near) * 1e6) / 1e6
  }
  return Number.NaN
}

/** Only a pod that is there sends anything; whether anybody is at the other end is another matter. */
function packetOf(random: Random, { truth }: Schedule, at: number): Packet | undefined {
  if (Number.isNaN(at)) return undefined
  const from = random.pick(all)
  const to = random.pick(all.filter(each => each !== from && isIPv6(each) === isIPv6(from)))
  const source = tenantOf(truth, from, at)
  const destination = tenantOf(truth, to, at)
  if (source === undefined && (!outside.includes(from) || destination === undefined)) return undefined
  if (source === destination) return undefined
  const port = random.pick(ports)
  const said = ([source, destination] as const).flatMap((subject, i) => {
    const direction = i === 0 ? 'egress' : 'ingress'
    const world = worldAt(truth, at, subject)
    const { responsible } = ask(world, { from, to, port, protocol: 'TCP' })!
    return subject === undefined ? [] : responsible.filter(each => each.direction === direction)
  })
  const verdict = said.some(({ reason }) => reason === 'no-rule-matched') ? 'denied' : 'allowed'
  const { policies: enforced } = worldAt(truth, at, undefined)
  const policies = new Map(enforced.map(each => [`${each.metadata.namespace}/${each.metadata.name}`, each]))
  return { at, from, to, port, verdict, source, destination, responsible: said, policies }
}

/** A denied packet is a line of the kernel's log, an allowed one an entry of conntrack's. */
export function linesOf(packet: Packet, index: number, hazards: Hazards): string[] {
  const shown = { ...packet, at: wallOf(hazards, packet.at) }
  return packet.verdict === 'denied'
    ? [kernelLine(shown, index, hazards.coarse)]
    : conntrackLines(shown, index)
}

function kernelLine({ at, from, to, port }: Packet, index: number, coarse: boolean): string {
  const iso = new Date(us(at) / 1000).toISOString()
  const fine = `${iso.slice(0, 19)}.${String(us(at) % 1e6).padStart(6, '0')}+00:00`
  const when = coarse ? `Nov 24 ${iso.slice(11, 19)}` : fine
  const head = isIPv6(from)
    ? 'LEN=80 TC=0 HOPLIMIT=63 FLOWLBL=0'
    : 'LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF'
  const ports = `SPT=${sourcePort(index)} DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0`
  return `${when} w1 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${from} DST=${to} ${head} PROTO=TCP ${ports} `
}

function conntrackLines({ at, from, to, port }: Packet, index: number): string[] {
  const sport = sourcePort(index)
  const family = isIPv6(from) ? 'ipv6     10' : 'ipv4     2'
  const there = `src=${from} dst=${to} sport=${sport} dport=${port}`
  const back = `src=${to} dst=${from} sport=${port} dport=${sport}`
  const time = (delta: number) => ((us(at) + delta) / 1e6).toFixed(6)
  return [
    `[${time(0)}]\t    [NEW] ${family} tcp      6 120 SYN_SENT ${there} [UNREPLIED] ${back} id=${index + 1}`,
    `[${time(90)}]\t [UPDATE] ${family} tcp      6 60 SYN_RECV ${there} ${back} id=${index + 1}`,
  ]
}

function sourcePort(index: number): number {
  return 40_000 + (index % 20_000)
}
