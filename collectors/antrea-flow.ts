// antrea-flow: the flow records of Antrea's flow aggregator. Its FlowLogger and its S3 uploader write CSV without quoting
// (pkg/flowaggregator/flowlogger/logger.go, s3uploader.go); as JSON the records come with the names of the IPFIX elements, or as
// the flow.v1alpha1 message (antrea-flow-json.ts).
//
//   FlowLogger  start,end,SRC,DST,sport,dport,proto,pod,ns,node,pod,ns,node,clusterIP,[serviceIP,]port,name,NAME,NS,RULE,ACTION,TYPE,…
//   S3          start,end,end,end,reason,SRC,DST,sport,dport,proto,8 counters,pod,ns,node,pod,ns,node,clusterIP,…
//
// Ingress policy before egress policy, then columns that differ by release. A record stands for a connection, or for packets that
// a policy denied; its time is the start of the flow.

import { fromJson, hasJsonMarker } from './antrea-flow-json.ts'
import { conclude, type FlowRow, type Side } from './antrea-flow-row.ts'
import { isDigit } from './bytes.ts'
import { type Clock, createClock } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, resetFlow } from './flow.ts'
import { OPEN_BRACE } from './json.ts'
import { parseObject } from './json-object.ts'

const COMMA = 44

function createAntreaFlow(options: CollectorOptions): Collector {
  const clock = createClock(options.zone, options.year)
  const decoder = new TextDecoder()
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1]! <= 32) end--
      if (bytes[start] === OPEN_BRACE) return readJson(bytes, start, end, flow, clock)
      if (!hasTwoTimes(bytes, start)) return Outcome.foreign
      const fields = decoder.decode(bytes.subarray(start, end)).split(',')
      const layout = layoutOf(fields)
      if (layout === undefined) return Outcome.foreign
      return finish(fromCsv(fields, layout), flow, clock)
    },
  }
}

function readJson(bytes: Uint8Array, start: number, end: number, flow: Flow, clock: Clock): Outcome {
  if (!hasJsonMarker(bytes, start, end)) return Outcome.foreign
  const object = parseObject(bytes, start, end)
  return finish(object && fromJson(object), flow, clock)
}

function finish(row: FlowRow | undefined, flow: Flow, clock: Clock): Outcome {
  resetFlow(flow)
  return row !== undefined && conclude(row, flow, clock) ? Outcome.flow : Outcome.malformed
}

/** `1637706961,1637706973,`: seconds since 1970 of nine to eleven digits. */
function hasTwoTimes(bytes: Uint8Array, at: number): boolean {
  const second = skipSeconds(bytes, at)
  return second > 0 && skipSeconds(bytes, second) > 0
}

function skipSeconds(bytes: Uint8Array, at: number): number {
  const start = at
  while (isDigit(bytes[at]!)) at++
  return at - start >= 9 && at - start <= 11 && bytes[at] === COMMA ? at + 1 : -1
}

/** The columns of the source's address, of the first counter (0 where there is none) and of the Service's address. */
interface Layout {
  readonly source: number
  readonly counters: number
  readonly clusterIP: number
}

const flowLogger: Layout = { source: 2, counters: 0, clusterIP: 13 }
const s3: Layout = { source: 5, counters: 10, clusterIP: 24 }

const isNumber = (field = ''): boolean => /^\d+$/.test(field)
const isAddress = (field = ''): boolean => /^[0-9a-fA-F:.]*[.:][0-9a-fA-F:.]*$/.test(field)

/** The layout of a record; undefined where there is no address in its place. */
function layoutOf(fields: readonly string[]): Layout | undefined {
  if (isAddress(fields[2])) return flowLogger
  return fields.slice(2, 5).every(isNumber) && isAddress(fields[5]) ? s3 : undefined
}

/** Undefined for a record that ends before the policies do. */
function fromCsv(fields: readonly string[], { source, counters, clusterIP }: Layout): FlowRow | undefined {
  // `clusterIP,port,portName,`, or since v2.5 `clusterIP,serviceIP,port,portName,`.
  const port = isNumber(fields[clusterIP + 1]) ? clusterIP + 1 : clusterIP + 2
  const policies = port + 2
  if (fields.length <= policies + 10) return undefined
  return {
    start: fields[0],
    end: fields[1],
    source: fields[source],
    destination: fields[source + 1],
    sport: fields[source + 2],
    dport: fields[source + 3],
    proto: fields[source + 4]!,
    service: fields[clusterIP] || fields[port - 1],
    servicePort: fields[port],
    packets: counters === 0 ? 0 : fields[counters + 2],
    bytes: counters === 0 ? 0 : fields[counters + 3],
    ingress: sideAt(fields, policies),
    egress: sideAt(fields, policies + 5),
  }
}

function sideAt(fields: readonly string[], at: number): Side {
  return {
    name: fields[at]!,
    ns: fields[at + 1]!,
    rule: fields[at + 2]!,
    action: fields[at + 3]!,
    type: fields[at + 4]!,
  }
}

export const antreaFlow: Format = {
  name: 'antrea-flow',
  claims: ['allowed', 'denied', 'rejected', 'none'],
  marker:
    'two times in seconds and an address (or two more times, a reason and an address), separated by commas; as JSON `flowStartSeconds`, or `startTs` with `k8s`',
  create: createAntreaFlow,
}
