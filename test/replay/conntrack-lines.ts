// conntrack events (`conntrack -E -o timestamp,id`) about a world: whole lives, lives that began before the log or outlast it, with
// and without an answer, through a Service and through masquerading, interleaved.

import type { World } from '../../agent/policy/objects.ts'
import type { Random } from '../oracle/random.ts'
import type { Service } from './manifests.ts'
import { isIPv6, pairOf, portsOf } from './places.ts'
import { createWriter, type Log, type Seen, type Transport } from './seen.ts'

type Step = 'new' | 'reply' | 'assured' | 'destroy' | 'destroyUnreplied'

interface Life {
  readonly seen: Omit<Seen, 'offsets' | 'at' | 'lines'>
  readonly steps: readonly Step[]
  readonly original: string
  readonly answer: string
  readonly id: number
  readonly head: string
}

const lives: readonly (readonly Step[])[] = [
  ['new', 'reply', 'assured', 'destroy'],
  ['new', 'reply', 'assured'],
  ['new', 'reply', 'destroy'],
  ['new', 'destroyUnreplied'],
  ['new'],
  ['assured', 'destroy'],
  ['destroy'],
  ['destroyUnreplied'],
]

export function conntrackLog(
  random: Random,
  world: World,
  services: readonly Service[],
  count: number,
  start: number,
): Log {
  const all = Array.from({ length: count }, (_, index) => lifeOf(random, world, services, 1000 + index))
  const writer = createWriter()
  const begun = new Map<Life, { offsets: number[]; at: number; lines: string[] }>()
  const left = all.map(life => ({ life, steps: [...life.steps] }))
  let foreign = 0
  let malformed = 0
  let at = start
  for (;;) {
    const open = left.filter(({ steps }) => steps.length > 0)
    if (open.length === 0) break
    at += random.between(1, 300)
    if (random.chance(0.02)) {
      writer.write('something else entirely')
      foreign++
    }
    if (random.chance(0.02)) {
      writer.write(
        `${stamp(at)}    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=10.0.0.2 dst=10.0.0.x sport=1 dport=2`,
      )
      malformed++
    }
    // The oldest few go on, so that lives overlap but do not all last for ever.
    const { life, steps } = random.pick(open.slice(0, 5))
    const line = lineOf(life, steps.shift()!, at)
    const first = begun.get(life) ?? { offsets: [], at, lines: [] }
    first.offsets.push(writer.offset())
    first.lines.push(line)
    begun.set(life, first)
    writer.write(line)
  }
  const seen = all.map(life => ({ ...life.seen, ...begun.get(life)! }))
  return { source: 'conntrack', text: writer.text(), seen, foreign, malformed }
}

function lifeOf(random: Random, world: World, services: readonly Service[], id: number): Life {
  const { from, to } = pairOf(random, world)
  const transport: Transport = random.pick(['TCP', 'TCP', 'TCP', 'UDP', 'UDP', 'SCTP', 'ICMP'])
  const service = services.find(({ ip }) => isIPv6(ip) === isIPv6(to))
  const isService =
    (transport === 'TCP' || transport === 'UDP') && service !== undefined && random.chance(0.3)
  const port = transport === 'ICMP' ? null : isService ? service.targetPort : random.pick(portsOf(world))
  const sport = 30000 + id
  const masquerade =
    !isService && transport !== 'ICMP' && random.chance(0.1) ? nodeAddress(random, world, from) : undefined
  const steps = random.pick(lives)
  const nat = {
    ...(isService ? { dst: withPort(service.ip, service.port) } : {}),
    ...(masquerade === undefined ? {} : { src: masquerade }),
  }
  const isAnswered = steps.some(step => step !== 'new' && step !== 'destroyUnreplied')
  const isOver = steps.includes('destroyUnreplied')
  return {
    seen: {
      source: 'conntrack',
      verdict: isAnswered ? 'allowed' : isOver ? 'unanswered' : 'none',
      from,
      to,
      transport,
      port,
      isBegun: steps[0] === 'new',
      ...(Object.keys(nat).length > 0 ? { nat } : {}),
      ...(isService ? { svc: `${service.ns}/${service.name}` } : {}),
    },
    steps,
    id,
    head: head(transport, isIPv6(from)),
    original: tuple(
      transport,
      from,
      isService ? service.ip : to,
      sport,
      isService ? service.port : port,
      id,
      true,
    ),
    answer:
      masquerade === undefined
        ? tuple(transport, to, from, port, sport, id, false)
        : tuple(transport, to, masquerade, port, sport + 1, id, false),
  }
}

function nodeAddress(random: Random, world: World, from: string): string | undefined {
  const all = world.nodes
    .flatMap(node => node.addresses)
    .filter(ip => isIPv6(ip) === isIPv6(from) && ip !== from)
  return all.length > 0 ? random.pick(all) : undefined
}

function withPort(ip: string, port: number): string {
  return isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`
}

function tuple(
  transport: Transport,
  src: string,
  dst: string,
  sport: number | null,
  dport: number | null,
  id: number,
  isOriginal: boolean,
): string {
  if (transport !== 'ICMP') return `src=${src} dst=${dst} sport=${sport} dport=${dport}`
  const [request, reply] = isIPv6(src) ? [128, 129] : [8, 0]
  return `src=${src} dst=${dst} type=${isOriginal ? request : reply} code=0 id=${id}`
}

function head(transport: Transport, six: boolean): string {
  const name = transport === 'ICMP' && six ? 'icmpv6' : transport.toLowerCase()
  const number = { TCP: 6, UDP: 17, SCTP: 132, ICMP: six ? 58 : 1 }[transport]
  return `${six ? 'ipv6     10' : 'ipv4     2'} ${name.padEnd(8)} ${number}`
}

function stamp(at: number): string {
  return `[${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}000]\t`
}

function lineOf({ head, original, answer, id }: Life, step: Step, at: number): string {
  const hasState = /tcp|sctp/.test(head)
  const state = (text: string) => (hasState ? `${text} ` : '')
  switch (step) {
    case 'new':
      return `${stamp(at)}    [NEW] ${head} 120 ${state('SYN_SENT')}${original} [UNREPLIED] ${answer} id=${id}`
    case 'reply':
      return `${stamp(at)} [UPDATE] ${head} 60 ${state('SYN_RECV')}${original} ${answer} id=${id}`
    case 'assured':
      return `${stamp(at)} [UPDATE] ${head} 432000 ${state('ESTABLISHED')}${original} ${answer} [ASSURED] id=${id}`
    case 'destroy':
      return `${stamp(at)}[DESTROY] ${head} ${original} packets=4 bytes=240 ${answer} packets=3 bytes=180 [ASSURED] id=${id}`
    case 'destroyUnreplied':
      return `${stamp(at)}[DESTROY] ${head} ${original} packets=1 bytes=60 [UNREPLIED] ${answer} packets=0 bytes=0 id=${id}`
  }
}
