// The records of finished logs that are about two given ends: the latest one, and how long it has been like that. Memory does not grow
// with the logs.

import type { Run } from '../forensics/explanation.ts'
import { endpoint, protocolName } from '../forensics/flow-record.ts'
import { createOrdered } from '../forensics/ordered.ts'
import type { FlowRecord, ForensicRecord, Why } from '../forensics/record.ts'
import { isFlowRecord } from '../forensics/record.ts'
import { policyName } from '../forensics/words.ts'
import { parseTime } from '../timeline/index.ts'
import { targetPort } from '../timeline/service.ts'
import type { Finding } from '../verdict/finding.ts'
import { type Asked, isEnd } from './why-ends.ts'
import type { Roster } from './why-roster.ts'

export interface Search {
  readonly from: Asked
  readonly to: Asked
  /** As the client wrote it or as the pod has it; undefined: every port. */
  readonly port: number | undefined
  /** As records write it. */
  readonly proto: string | undefined
  /** Microseconds; records after it do not count. Infinity: all. */
  readonly at: number
  readonly roster: Roster
}

export interface Match {
  readonly record: FlowRecord
  readonly run: Run
}

export interface Matches {
  /** Could a record of this finding match? Asked once per connection, so that records are made of few flows only. */
  isTold(finding: Finding): boolean
  emit(record: ForensicRecord, time: number): void
  /** One for each port and protocol, the latest first. */
  close(): readonly Match[]
}

/** More destination ports than this between two ends are a scan, of which the latest are enough. */
const MAX_PORTS = 1000

export function createMatches(search: Search): Matches {
  const byPort = new Map<string, Match>()
  const ordered = createOrdered<FlowRecord>(record => {
    const key = `${record.dst.port} ${record.proto}`
    const next = { record, run: nextRun(byPort.get(key), record) }
    // Deleted first, so that the order of the map is the order of time.
    byPort.delete(key)
    byPort.set(key, next)
    if (byPort.size > MAX_PORTS) byPort.delete(byPort.keys().next().value!)
  })
  return {
    isTold: ({ initiator, responder, service, port, proto, nat }) =>
      isMatch(search, {
        src: endpoint(initiator, undefined, undefined),
        dst: endpoint(responder, port < 0 ? undefined : port, service),
        proto: protocolName(proto),
        nat,
      }),
    emit(record, time) {
      if (isFlowRecord(record) && !(time > search.at) && isMatch(search, record)) ordered.push(time, record)
    },
    close() {
      ordered.flush()
      return [...byPort.values()].reverse()
    },
  }
}

type Matched = Pick<FlowRecord, 'src' | 'dst' | 'proto' | 'nat'>

function isMatch(search: Search, record: Matched): boolean {
  const { from, to, port, proto, roster } = search
  if (proto !== undefined && record.proto !== proto) return false
  const called = hostAndPort(record.nat?.dst)
  if (port !== undefined && !isPort(port, record, called.port, search)) return false
  return isEnd(from, record.src, record.nat?.src, roster) && isEnd(to, record.dst, called.host, roster)
}

/** A Service's port leads to another one of its pods, and a packet that was dropped shows only that. */
function isPort(port: number, { dst }: Matched, called: number | undefined, { to, roster }: Search): boolean {
  if (dst.port === port || called === port) return true
  if (to.kind !== 'service') return false
  const pods = roster.pods.get(`${dst.ns}/${dst.pod}`) ?? []
  return to.service.ports.some(
    each => each.port === port && pods.some(pod => targetPort(each, pod) === dst.port),
  )
}

/** Of `10.96.0.1:80`, `[fd00::1]:80`, or an address without a port. */
function hostAndPort(text: string | undefined): { host: string | undefined; port: number | undefined } {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text ?? '')
  if (match === null) return { host: text, port: undefined }
  return { host: match[1] ?? match[2], port: Number(match[3]) }
}

/** A run goes on for as long as the answer stays the same. */
function nextRun(last: Match | undefined, record: FlowRecord): Run {
  if (last === undefined) return { n: record.n, since: record.ts, before: undefined }
  if (answerOf(last.record) === answerOf(record)) return { ...last.run, n: last.run.n + record.n }
  return { n: record.n, since: record.ts, before: { verdict: last.record.verdict, ts: last.record.ts } }
}

function answerOf({ verdict, dir, why }: FlowRecord): string {
  return verdict === 'allowed' ? verdict : `${verdict} ${dir} ${why === undefined ? '' : whyKey(why)}`
}

function whyKey({ reason, policies, agreement }: Why): string {
  return `${reason} ${agreement === 'contradicts'} ${(policies ?? []).map(policyName).join()}`
}

/** Microseconds; Infinity where the record has no time, so that the last state of the world is asked. */
export function timeOf({ ts }: Pick<FlowRecord, 'ts'>): number {
  const time = ts === undefined ? Number.NaN : parseTime(ts)
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time
}
