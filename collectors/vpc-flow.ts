// vpc-flow: AWS VPC flow logs, one row of fields with a blank between them. Files on S3 begin with a header that names the fields, in
// any order; without one the fields are those of version 2:
//
//   version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
//   2 123456789010 eni-1235b8ca 10.244.1.11 10.244.3.5 20641 5432 6 20 4249 1795541609 1795541669 REJECT OK
//
// A row sums up what an interface saw of one tuple in a window. ACCEPT and REJECT are said by security groups and network ACLs: a
// REJECT is no policy's, and what they ACCEPT is on its way to the policies, or past those of its sender.

import { asciiBytes, find, isDigit, scanAddress, scanDecimal, startsWith, textOf } from './bytes.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { Cause, type Flow, Notice, Proto, type Reported, resetFlow, Verdict } from './flow.ts'
import { createInterned, type Interned } from './interned.ts'

const names = [
  'version',
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
  'tcp-flags',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'reject-reason',
] as const
type Name = (typeof names)[number]
const field = Object.fromEntries(names.map((name, i) => [name, i])) as Record<Name, number>
const OTHER = -1
const decoder = new TextDecoder('latin1')
const defaults = columnsOf(
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
)

function columnsOf(header: string): Int32Array {
  return Int32Array.from(header.split(' '), name => names.indexOf(name as Name))
}

/** What the rows of a file look like, and where the fields of the row at hand are. */
interface Table {
  columns: Int32Array
  readonly start: Int32Array
  readonly end: Int32Array
  readonly numbers: Float64Array
  readonly reports: Interned<Reported>
}

function createVpcFlow(_options: CollectorOptions): Collector {
  const table: Table = {
    columns: defaults,
    start: new Int32Array(names.length),
    end: new Int32Array(names.length),
    numbers: new Float64Array(1),
    reports: createInterned(reportOf),
  }
  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      while (end > start && bytes[end - 1]! <= 32) end--
      start = skipDelivery(bytes, start, end)
      if (isHeader(bytes, start, end)) {
        table.columns = columnsOf(decoder.decode(bytes.subarray(start, end)))
        return Outcome.note
      }
      if (!isRow(bytes, start, end, table)) return Outcome.foreign
      if (!findFields(bytes, start, end, table)) return Outcome.malformed
      return readRow(bytes, flow, table)
    },
  }
}

function reportOf(as: string): Reported {
  return { by: 'aws-vpc', verdict: as === 'ACCEPT' ? 'allowed' : 'denied', policies: [], as }
}

/** CloudWatch's export puts the time of delivery before each row: `2026-11-24T17:33:29.000Z `. */
function skipDelivery(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start + 4] !== 45 || bytes[start + 10] !== 84) return start
  let at = start
  while (at < end && bytes[at] !== 32) at++
  return bytes[at - 1] === 90 ? Math.min(end, at + 1) : start
}

const HEADER_WORDS = ['srcaddr', 'dstaddr', 'pkt-srcaddr', 'pkt-dstaddr', 'log-status', 'interface-id'].map(
  asciiBytes,
)
const LONGEST_HEADER = 2048

/** Lower-case names with hyphens, and two of those that every flow log is made of. */
function isHeader(bytes: Uint8Array, start: number, end: number): boolean {
  if ((bytes[start]! - 97) >>> 0 > 25 || end - start > LONGEST_HEADER) return false
  for (let at = start; at < end; at++) if (!isHeaderByte(bytes[at]!)) return false
  let seen = 0
  for (const word of HEADER_WORDS) if (find(bytes, start, end, word) >= 0) seen++
  return seen >= 2
}

function isHeaderByte(byte: number): boolean {
  return (byte - 97) >>> 0 <= 25 || byte === 45 || byte === 32 || isDigit(byte)
}

const INTERFACE = asciiBytes('eni-')
const STATUSES = [' OK', ' NODATA', ' SKIPDATA'].map(asciiBytes)

/**
 * Without a header, what begins with version 2 and names an interface or a status is a row. Under one, it is what has as many
 * fields, or names an interface.
 */
function isRow(bytes: Uint8Array, start: number, end: number, { columns }: Table): boolean {
  if (columns !== defaults) {
    const count = countFields(bytes, start, end)
    return count > 2 && (count === columns.length || find(bytes, start, end, INTERFACE) >= 0)
  }
  if (bytes[start] !== 50 || bytes[start + 1] !== 32) return false
  if (find(bytes, start, end, INTERFACE) >= 0) return true
  return STATUSES.some(status => startsWith(bytes, end - status.length, end, status))
}

function countFields(bytes: Uint8Array, start: number, end: number): number {
  let count = 1
  for (let at = start; at < end; at++) if (bytes[at] === 32) count++
  return count
}

function findFields(bytes: Uint8Array, start: number, end: number, table: Table): boolean {
  const { columns } = table
  table.start.fill(-1)
  let at = start
  for (let column = 0; column < columns.length; column++) {
    if (at >= end) return false
    const from = at
    while (at < end && bytes[at] !== 32) at++
    const of = columns[column]!
    if (of !== OTHER) {
      table.start[of] = from
      table.end[of] = at
    }
    at++
  }
  // Where only a newline says that the last field is whole, there must be one.
  return at === end + 1 && (bytes[end] !== 0 || table.end[field['log-status']] === end)
}

function readRow(bytes: Uint8Array, flow: Flow, table: Table): Outcome {
  const status = fieldText(bytes, table, field['log-status'])
  if (!takeWindow(bytes, flow, table)) return Outcome.malformed
  if (status === 'NODATA') return Outcome.note
  if (status === 'SKIPDATA') {
    // Some rows of this window are missing, nobody knows how many.
    flow.time += flow.window * 1_000_000
    flow.count = -1
    return Outcome.loss
  }
  if (status !== '' && status !== 'OK') return Outcome.malformed
  const isWhole =
    readTuple(bytes, flow, table) && takeCounts(bytes, flow, table) && takeFlags(bytes, flow, table)
  return isWhole && takeAction(bytes, flow, table) ? Outcome.flow : Outcome.malformed
}

/** The field's text; empty where the format has no such column, or where it holds `-`. */
function fieldText(bytes: Uint8Array, { start, end }: Table, of: number): string {
  const at = start[of]!
  if (at < 0 || end[of]! - at > 64) return ''
  return isEmpty(bytes, at, end[of]!) ? '' : textOf(bytes, at, end[of]!)
}

function isEmpty(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === 45
}

const ABSENT = -1
const BAD = -2

function numberIn(bytes: Uint8Array, { start, end, numbers }: Table, of: number, max: number): number {
  const at = start[of]!
  if (at < 0 || isEmpty(bytes, at, end[of]!)) return ABSENT
  return scanDecimal(bytes, at, numbers, 0) === end[of] && numbers[0]! <= max ? numbers[0]! : BAD
}

const LAST_SECOND = 9_999_999_999

function takeWindow(bytes: Uint8Array, flow: Flow, table: Table): boolean {
  const from = numberIn(bytes, table, field.start, LAST_SECOND)
  const to = numberIn(bytes, table, field.end, LAST_SECOND)
  if (from === BAD || to === BAD) return false
  flow.precision = 1_000_000
  if (from >= 0) flow.time = from * 1_000_000
  if (from >= 0 && to > from) flow.window = to - from
  return true
}

/**
 * The packet's own addresses where the format has them: behind a NAT gateway, or for a pod whose traffic leaves through the node's
 * address, `srcaddr` is the one in between.
 */
function readTuple(bytes: Uint8Array, flow: Flow, table: Table): boolean {
  const isAddressed =
    (addressIn(bytes, flow, table, field['pkt-srcaddr'], 0) ||
      addressIn(bytes, flow, table, field.srcaddr, 0)) &&
    (addressIn(bytes, flow, table, field['pkt-dstaddr'], 4) ||
      addressIn(bytes, flow, table, field.dstaddr, 4))
  flow.proto = numberIn(bytes, table, field.protocol, 255)
  const sport = numberIn(bytes, table, field.srcport, 65535)
  const dport = numberIn(bytes, table, field.dstport, 65535)
  if (!isAddressed || flow.proto === BAD || sport === BAD || dport === BAD) return false
  // What has no ports is given as 0.
  if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6 || (sport <= 0 && dport <= 0)) return true
  flow.sport = sport
  flow.dport = dport
  return true
}

function addressIn(bytes: Uint8Array, flow: Flow, { start, end }: Table, of: number, slot: number): boolean {
  const at = start[of]!
  return at >= 0 && scanAddress(bytes, at, flow.address, slot) === end[of]
}

function takeCounts(bytes: Uint8Array, flow: Flow, table: Table): boolean {
  const packets = numberIn(bytes, table, field.packets, Number.MAX_SAFE_INTEGER)
  const size = numberIn(bytes, table, field.bytes, Number.MAX_SAFE_INTEGER)
  if (packets === BAD || size === BAD) return false
  flow.packets = Math.max(0, packets)
  flow.bytes = Math.max(0, size)
  flow.count = Math.max(1, packets)
  return true
}

/** Flags of all packets of the window in one mask, with ACK only beside SYN: 2 is a client that connects, 18 a server that answers. */
function takeFlags(bytes: Uint8Array, flow: Flow, table: Table): boolean {
  const flags = numberIn(bytes, table, field['tcp-flags'], 511)
  if (flags === BAD) return false
  // A row may begin in the middle of a connection, so without a SYN nothing tells which end opened it.
  if (flow.proto === Proto.tcp) flow.tcpFlags = Math.max(0, flags)
  return true
}

function takeAction(bytes: Uint8Array, flow: Flow, table: Table): boolean {
  const action = fieldText(bytes, table, field.action)
  if (action === 'ACCEPT') {
    flow.verdict = Verdict.allowed
    flow.notice = Notice.trace
    flow.reported = table.reports.of(action)
    return true
  }
  if (action !== 'REJECT') return action === ''
  const reason = fieldText(bytes, table, field['reject-reason'])
  flow.verdict = Verdict.denied
  flow.cause = Cause.notPolicy
  flow.reported = table.reports.of(reason === '' ? action : `${action} ${reason}`)
  return true
}

export const vpcFlow: Format = {
  name: 'vpc-flow',
  claims: ['none', 'allowed', 'denied'],
  marker:
    'a header that names two of srcaddr, dstaddr, log-status and interface-id; or `2 ` and an interface ` eni-` or a status at the end',
  create: createVpcFlow,
}
