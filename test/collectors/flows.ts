// What tests of collectors share: reading lines, and what any flow must look like.

import { readFileSync } from 'node:fs'
import { formatAddress } from '../../agent/address.ts'
import { type Collector, type CollectorOptions, Outcome } from '../../collectors/collector.ts'
import {
  Cause,
  createFlow,
  Direction,
  Event,
  type Flow,
  Reply,
  Span,
  verdictNames,
} from '../../collectors/flow.ts'

export const options: CollectorOptions = {
  zone: wall => wall,
  year: 2026,
  prefixes: [],
  bootTime: Number.NaN,
}

export const outcomeNames = ['foreign', 'flow', 'malformed', 'note', 'loss'] as const

/** The lines of a file or text, with the newline that collectors rely on; without empty lines at the end. */
export function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let start = 0; start < data.length; ) {
    const newline = data.indexOf(10, start)
    const end = newline < 0 ? data.length : newline
    lines.push(Buffer.concat([data.subarray(start, end), Buffer.of(10)]))
    start = end + 1
  }
  return lines
}

export function fileLines(path: string | URL): Uint8Array[] {
  return linesOf(readFileSync(path))
}

/** One line, read into a flow of its own. */
export function readOne(
  collector: Collector,
  line: Uint8Array | string,
): { outcome: Outcome; flow: Flow; bytes: Uint8Array } {
  const bytes = typeof line === 'string' ? Buffer.from(`${line}\n`) : line
  const flow = createFlow()
  return { outcome: collector.read(bytes, 0, bytes.length - 1, flow), flow, bytes }
}

const entries = <T extends object>(values: T): Record<number, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [value, name]))

const names = {
  direction: entries(Direction),
  event: entries(Event),
  reply: entries(Reply),
  cause: entries(Cause),
}

/** The flow as a reader of an expectation wants it: only what the line says. */
export function describe(flow: Flow, bytes: Uint8Array): Record<string, unknown> {
  const span = (at: number): string | undefined => {
    const text = Buffer.from(bytes.subarray(flow.spans[at]!, flow.spans[at + 1]!)).toString('latin1')
    return text === '' ? undefined : text
  }
  const known = <T>(value: T, unknown: T): T | undefined => (value === unknown ? undefined : value)
  const at = (port: number): string => (port < 0 ? '' : ` ${port}`)
  const hides = (slot: number): boolean =>
    (slot === 0 && flow.names?.source !== undefined) || (slot === 4 && flow.names?.destination !== undefined)
  const end = (slot: number, port: number): string =>
    (hides(slot) ? 'hidden' : formatAddress(flow.address, slot)) + at(port)
  const all = {
    time: Number.isNaN(flow.time)
      ? undefined
      : `${new Date(Math.floor(flow.time / 1000)).toISOString().slice(0, -1)}${String(flow.time % 1000).padStart(3, '0')}Z`,
    precision: known(flow.precision, 1),
    verdict: known(verdictNames[flow.verdict], 'none'),
    cause: known(names.cause[flow.cause], 'none'),
    proto: flow.proto,
    source: end(0, flow.sport),
    destination: end(4, flow.dport),
    reply: flow.hasReply ? `${end(8, flow.replySport)} > ${end(12, flow.replyDport)}` : undefined,
    icmp: flow.icmpType < 0 ? undefined : `${flow.icmpType}/${flow.icmpCode}`,
    flowId: known(flow.flowId, -1),
    zone: known(flow.zone, 0),
    tcpFlags: known(flow.tcpFlags, -1),
    direction: known(names.direction[flow.direction], 'none'),
    isReply: known(names.reply[flow.isReply], 'unknown'),
    event: known(names.event[flow.event], 'none'),
    replied: flow.event === Event.none ? undefined : flow.replied,
    connection: known(flow.connection, 0),
    packets: known(flow.packets, 0),
    bytes: known(flow.bytes, 0),
    age: known(flow.age, -1),
    count: known(flow.count, 1),
    window: known(flow.window, 0),
    lost: known(flow.lost, 0),
    in: span(Span.in),
    out: span(Span.out),
    prefix: span(Span.prefix),
    reported: flow.reported,
    names: flow.names,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** Outcome and flow of every line, in one collector, as `describe` has them. */
export function readAll(collector: Collector, lines: readonly Uint8Array[]): unknown[] {
  return lines.map(line => {
    const { outcome, flow, bytes } = readOne(collector, line)
    if (outcome === Outcome.flow) return describe(flow, bytes)
    return outcome === Outcome.loss ? { outcome: 'loss', count: flow.count } : outcomeNames[outcome]
  })
}

const isWithin = (value: number, low: number, high: number): boolean =>
  Number.isInteger(value) && value >= low && value <= high

/** What no line, however broken, may get wrong. Says what is wrong, or undefined. */
export function invalidity(flow: Flow, claims: readonly string[], bytes: Uint8Array): string | undefined {
  const isTime = Number.isNaN(flow.time) || (flow.time > -6e16 && flow.time < 3e17)
  if (!isTime) return `time ${flow.time}`
  if (![1, 1000, 1_000_000].includes(flow.precision)) return `precision ${flow.precision}`
  if (!claims.includes(verdictNames[flow.verdict])) return `verdict ${flow.verdict}`
  if (!isWithin(flow.cause, 0, 2) || !isWithin(flow.direction, 0, 2)) return 'cause or direction'
  if (!isWithin(flow.isReply, 0, 2) || !isWithin(flow.event, 0, 4)) return 'reply or event'
  if (!isWithin(flow.proto, -1, 255)) return `proto ${flow.proto}`
  for (const port of [flow.sport, flow.dport, flow.replySport, flow.replyDport])
    if (!isWithin(port, -1, 65535)) return `port ${port}`
  for (const value of [flow.icmpType, flow.icmpCode]) if (!isWithin(value, -1, 255)) return `ICMP ${value}`
  if (!isWithin(flow.tcpFlags, -1, 511)) return `flags ${flow.tcpFlags}`
  if (!isWithin(flow.flowId, -(2 ** 31), 2 ** 31 - 1) || !isWithin(flow.zone, 0, 65535))
    return 'flow id or zone'
  for (const value of [flow.connection, flow.packets, flow.bytes])
    if (!isWithin(value, 0, Number.MAX_SAFE_INTEGER)) return `counter ${value}`
  if (!isWithin(flow.age, -1, Number.MAX_SAFE_INTEGER) || !isWithin(flow.count, 1, Number.MAX_SAFE_INTEGER))
    return 'age or count'
  const hidden = invalidName(flow)
  if (hidden !== undefined) return hidden
  if (!isWithin(flow.window, 0, 1e10) || !isWithin(flow.lost, 0, 2 ** 32)) return 'window or lost'
  for (let at = 0; at < 6; at += 2)
    if (flow.spans[at]! > flow.spans[at + 1]! || flow.spans[at + 1]! > bytes.length) return 'span'
  return undefined
}

/** An end has an address or is named; what is named has none, and its words are no remains of another line. */
function invalidName({ names, address }: Flow): string | undefined {
  if (names === undefined) return undefined
  const ends = [names.source, names.destination]
  if (ends.every(end => end === undefined)) return 'names of no end'
  for (const [i, end] of ends.entries()) {
    if (end === undefined) continue
    if (address.subarray(4 * i, 4 * i + 4).some(word => word !== 0)) return 'an address that is hidden'
    if (!['pod', 'node', 'network', 'unknown'].includes(end.kind)) return `kind ${end.kind}`
    if (end.name !== undefined && end.prefix !== undefined) return 'a name and a prefix'
  }
  return undefined
}

/** The study material beside the checkout, and the text to skip with where it is absent. */
export function shared(path: string): URL {
  return new URL(`../../../shared/${path}`, import.meta.url)
}
