// Deterministic log lines for benches and tests: the same seed gives the same bytes. 10,000 flows between pods of 10.244.0.0/16;
// `flowAt` gives their tuples, so that a world of pods can be made to match.

import { closeSync, openSync, writeSync } from 'node:fs'

export interface Tuple {
  readonly source: string
  readonly destination: string
  readonly port: number
  readonly proto: 'tcp' | 'udp'
}

export interface GenerateOptions {
  readonly seed?: number
  readonly flows?: number
  /** Connections of conntrack that are open at a time. */
  readonly live?: number
}

export const FLOWS = 10_000
export const LIVE = 20_000
/** Of 1,000 conntrack connections, how many are never answered, and how many are met without their NEW. */
export const UNANSWERED_PERMILLE = 50
export const ORPHAN_PERMILLE = 20

/** mulberry32: small, fast and the same everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const ports = [80, 443, 5432, 6379, 8080, 9090, 53, 3306, 9092, 27017]

/** The pod of an index: 250 on each node's /24. */
export function podAddress(index: number): string {
  return `10.244.${Math.floor(index / 250)}.${(index % 250) + 2}`
}

/** The tuple of flow `index`: pods of index 0 to 999 at either end. */
export function flowAt(index: number, seed = 1): Tuple {
  const random = createRandom(seed * 7919 + index)
  const from = Math.floor(random() * 1000)
  const to = Math.floor(random() * 1000)
  const port = ports[Math.floor(random() * ports.length)]!
  return {
    source: podAddress(from),
    destination: podAddress(to === from ? (to + 1) % 1000 : to),
    port,
    proto: port === 53 ? 'udp' : 'tcp',
  }
}

function tuplesOf(options: GenerateOptions): Tuple[] {
  return Array.from({ length: options.flows ?? FLOWS }, (_, i) => flowAt(i, options.seed))
}

const START = 1_795_541_600_000_000

/** Writes `lines` lines that `next` makes, to `path`. */
function write(path: string, lines: number, next: () => string): void {
  const file = openSync(path, 'w')
  let text = ''
  for (let i = 0; i < lines; i++) {
    text += `${next()}\n`
    if (text.length > 1 << 20) {
      writeSync(file, text)
      text = ''
    }
  }
  writeSync(file, text)
  closeSync(file)
}

interface Connection {
  readonly tuple: Tuple
  readonly sport: number
  readonly id: number
  readonly answered: boolean
  step: number
}

/** Lines as of `conntrack -E -o timestamp,extended,id`: whole connections, NEW UPDATE DESTROY, some unanswered, some without NEW. */
export function conntrackLines(options: GenerateOptions = {}): () => string {
  const random = createRandom(options.seed ?? 1)
  const tuples = tuplesOf(options)
  const live = options.live ?? LIVE
  const open: Connection[] = []
  let time = START
  let sequence = 0
  function create(): Connection {
    const tuple = tuples[Math.floor(random() * tuples.length)]!
    // Ports from a sequence, so that no two open connections share a tuple.
    const sport = 1024 + (sequence++ % 64000)
    const step = random() * 1000 < ORPHAN_PERMILLE ? 1 : 0
    return {
      tuple,
      sport,
      id: Math.floor(random() * 4294967296),
      answered: random() * 1000 >= UNANSWERED_PERMILLE,
      step,
    }
  }
  return () => {
    time += Math.floor(random() * 20)
    const slot = Math.floor(random() * live)
    const connection = open[slot] ?? create()
    open[slot] = connection
    // An unanswered connection has no UPDATE.
    if (connection.step === 1 && !connection.answered) connection.step = 2
    const text = conntrackLine(connection, time)
    if (++connection.step === 3) delete open[slot]
    return text
  }
}

function conntrackLine(connection: Connection, time: number): string {
  const { tuple, sport, id, answered, step } = connection
  const stamp = `[${Math.floor(time / 1_000_000)}.${String(time % 1_000_000).padStart(6, '0')}]\t`
  const head = ['    [NEW] ', ' [UPDATE] ', '[DESTROY] '][step]!
  const isTcp = tuple.proto === 'tcp'
  const state = step === 2 ? '' : isTcp ? ['120 SYN_SENT ', '432000 ESTABLISHED '][step]! : '30 '
  const original = `src=${tuple.source} dst=${tuple.destination} sport=${sport} dport=${tuple.port} `
  const reply = `src=${tuple.destination} dst=${tuple.source} sport=${tuple.port} dport=${sport} `
  const sent = step === 2 ? `packets=${answered ? 9 : 3} bytes=${answered ? 1472 : 180} ` : ''
  const received = step === 2 ? `packets=${answered ? 7 : 0} bytes=${answered ? 5310 : 0} ` : ''
  const unreplied = answered && step > 0 ? '' : '[UNREPLIED] '
  const assured = answered && step > 0 && isTcp ? '[ASSURED] ' : ''
  return `${stamp}${head}ipv4     2 ${isTcp ? 'tcp      6 ' : 'udp      17 '}${state}${original}${sent}${unreplied}${reply}${received}${assured}id=${id}`
}

export function writeConntrack(path: string, lines: number, options: GenerateOptions = {}): void {
  write(path, lines, conntrackLines(options))
}

const day = (time: number): string => {
  const date = new Date(time / 1000)
  const month = date.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' })
  return `${month} ${String(date.getUTCDate()).padStart(2, ' ')} ${date.toISOString().slice(11, 19)}`
}

/** Lines as in kern.log: classic syslog stamp, uptime, an nftables prefix. */
export function logLines(options: GenerateOptions = {}): () => string {
  const random = createRandom(options.seed ?? 2)
  const tuples = tuplesOf(options)
  let time = START
  let second = -1
  let stamp = ''
  return () => {
    time += Math.floor(random() * 40)
    if (Math.floor(time / 1_000_000) !== second) {
      second = Math.floor(time / 1_000_000)
      stamp = day(time)
    }
    const tuple = tuples[Math.floor(random() * tuples.length)]!
    const sport = 32768 + Math.floor(random() * 28000)
    const uptime = ((time - START) / 1e6 + 4977).toFixed(6)
    const ident = Math.floor(random() * 65536)
    const prefix = random() < 0.9 ? 'np-drop data/pg-0-in ' : 'np-reject data/pg-0-in '
    const mac = 'MAC=9a:42:25:c1:b8:eb:e6:c4:2c:39:f7:74:08:00'
    const ip = `SRC=${tuple.source} DST=${tuple.destination} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${ident} DF`
    const l4 =
      tuple.proto === 'tcp'
        ? `PROTO=TCP SPT=${sport} DPT=${tuple.port} WINDOW=64240 RES=0x00 SYN URGP=0 `
        : `PROTO=UDP SPT=${sport} DPT=${tuple.port} LEN=40 `
    return `${stamp} worker-3 kernel: [ ${uptime}] ${prefix}IN=veth41c09d OUT=veth7be210 ${mac} ${ip} ${l4}`
  }
}

export function writeLog(path: string, lines: number, options: GenerateOptions = {}): void {
  write(path, lines, logLines(options))
}

function endpoint(address: string, local: boolean, role: string): string {
  const [, , node, pod] = address.split('.')
  const name = `${role}-${Number(node) * 250 + Number(pod)}`
  const labels = [`k8s:app=${name}`, 'k8s:io.kubernetes.pod.namespace=shop']
  return JSON.stringify({
    ...(local ? { ID: 400 + Number(pod) } : {}),
    identity: 20000 + Number(node) * 250 + Number(pod),
    cluster_name: 'default',
    namespace: 'shop',
    labels,
    pod_name: `${name}-6c9f7d4b8-x2v9k`,
    ...(local ? { workloads: [{ name, kind: 'Deployment' }] } : {}),
  })
}

/** Lines of some 1,000 bytes as the exporter writes them: policy verdicts, half of them drops, and traces. */
export function hubbleLines(options: GenerateOptions = {}): () => string {
  const random = createRandom(options.seed ?? 3)
  const tuples = tuplesOf(options)
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  let time = START
  return () => {
    time += Math.floor(random() * 40)
    const tuple = tuples[Math.floor(random() * tuples.length)]!
    const stamp = `${new Date(time / 1000).toISOString().slice(0, 19)}.${String(time % 1_000_000).padStart(6, '0')}${hex(3).replace(/\D/g, '0')}Z`
    const kind = random()
    const denied = kind < 0.4
    const verdict = kind < 0.8
    const sport = 32768 + Math.floor(random() * 28000)
    const l4 =
      tuple.proto === 'tcp'
        ? `{"TCP":{"source_port":${sport},"destination_port":${tuple.port},"flags":{"SYN":true}}}`
        : `{"UDP":{"source_port":${sport},"destination_port":${tuple.port}}}`
    const policy = `pg-ingress-${tuple.port}`
    const list = `[{"name":"${policy}","namespace":"shop","labels":["k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy","k8s:io.cilium.k8s.policy.name=${policy}"],"revision":"6","kind":"NetworkPolicy"}]`
    const event = verdict ? '{"type":5}' : '{"type":4,"sub_type":4}'
    const why = denied
      ? ',"policy_match_type":0,"drop_reason_desc":"POLICY_DENIED"'
      : verdict
        ? ',"policy_match_type":2'
        : ',"trace_observation_point":"TO_OVERLAY","trace_reason":"NEW"'
    const reply = verdict ? '' : ',"is_reply":false,"interface":{"index":13,"name":"cilium_vxlan"}'
    const by = verdict && !denied ? `,"ingress_allowed_by":${list}` : ''
    return (
      `{"flow":{"time":"${stamp}","uuid":"${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(8)}${hex(4)}","emitter":{"name":"Hubble","version":"1.19.4+g75d3a68c"},` +
      `"verdict":"${denied ? 'DROPPED","drop_reason":133' : 'FORWARDED"'},"ethernet":{"source":"9a:6c:e7:18:${hex(2)}:${hex(2)}","destination":"22:18:38:38:27:8f"},` +
      `"IP":{"source":"${tuple.source}","destination":"${tuple.destination}","ipVersion":"IPv4"},"l4":${l4},"source":${endpoint(tuple.source, !verdict, 'cart')},` +
      `"destination":${endpoint(tuple.destination, verdict, 'pg')},"Type":"L3_L4","node_name":"default/worker-3","node_labels":["kubernetes.io/hostname=worker-3"],` +
      `"event_type":${event},"traffic_direction":"INGRESS"${why}${reply},"Summary":"TCP Flags: SYN"${by}},"node_name":"default/worker-3","time":"${stamp}"}`
    )
  }
}

export function writeHubble(path: string, lines: number, options: GenerateOptions = {}): void {
  write(path, lines, hubbleLines(options))
}
