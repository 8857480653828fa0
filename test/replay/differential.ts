// Writes a random scene to disk, runs the real command over it and holds every record against the literal reading.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AccusationRecord,
  type FlowRecord,
  type ForensicRecord,
  isFlowRecord,
} from '../../agent/forensics/record.ts'
import { run } from '../command/run.ts'
import { createRandom } from '../oracle/random.ts'
import { worldOf } from '../oracle/worlds.ts'
import { differences, type Scene } from './compare.ts'
import { conntrackLog } from './conntrack-lines.ts'
import { hubbleLog } from './hubble-lines.ts'
import { manifestsOf, servicesOf } from './manifests.ts'
import { netfilterLog } from './netfilter-lines.ts'
import type { Log, Seen } from './seen.ts'

const start = Date.parse('2026-11-22T10:00:00Z')

export interface Play extends Scene {
  readonly seed: number
  readonly logs: readonly Log[]
}

export interface Stats {
  readonly lines: number
  readonly flows: number
  readonly denied: number
  readonly allowed: number
  readonly foreign: number
  readonly malformed: number
  readonly records: number
}

export interface Played {
  readonly records: readonly ForensicRecord[]
  readonly stats: Stats
}

export function playOf(seed: number): Play {
  const random = createRandom(seed)
  const whole = worldOf(seed)
  // The readers of manifests leave other APIs' policies out, and say so; the oracle would count them.
  const policies = whole.policies.filter(({ apiVersion }) => apiVersion === 'networking.k8s.io/v1')
  const world = { ...whole, policies }
  const services = servicesOf(random, world)
  const logs = [
    netfilterLog(random, world, 40, start),
    conntrackLog(random, world, services, 25, start + 7),
    hubbleLog(random, world, 30, start + 13),
  ]
  return { seed, world, services, logs }
}

/** Puts the scene below `folder` and gives the arguments that replay it. */
export function stage({ seed, world, services, logs }: Play, folder: string): string[] {
  const place = join(folder, String(seed))
  mkdirSync(place)
  writeFileSync(join(place, 'world.json'), JSON.stringify(manifestsOf(world, services)))
  for (const { source, text } of logs) writeFileSync(join(place, `${source}.log`), text)
  const files = logs.flatMap(({ source }) => ['--log', `${source}:${join(place, `${source}.log`)}`])
  return ['replay', '--world', join(place, 'world.json'), ...files, '--allowed', 'full', '--stats', 'json']
}

export async function replay(argv: readonly string[]): Promise<Played> {
  const { code, stdout, stderr } = await run(argv)
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  const lines = stdout.split('\n').filter(line => line !== '')
  const stats = stderr.split('\n').find(line => line.startsWith('{'))
  return { records: lines.map(line => JSON.parse(line)), stats: JSON.parse(stats!) }
}

export interface Difference {
  readonly text: string
  /** The seed, the lines and the records, to read. */
  readonly context: string
}

export function compareRecords(play: Play, records: readonly ForensicRecord[]): Difference[] {
  const flows = records.filter(isFlowRecord)
  const claimed = new Set<FlowRecord>()
  const all = play.logs.flatMap(log =>
    log.seen.flatMap(seen => {
      const found = flows.filter(record => isEvidence(record, seen))
      for (const record of found) claimed.add(record)
      return differences(play, seen, found).map(text => ({ text, context: describe(play, seen, found) }))
    }),
  )
  const rest = flows.filter(record => !claimed.has(record))
  return [
    ...all,
    ...accusationDifferences(play, records, flows),
    ...rest.map(record => ({
      text: 'a record of no line',
      context: `seed ${play.seed}\n${JSON.stringify(record)}`,
    })),
  ]
}

/** Who is accused: each record of a spell stands on flows whose own records contradict for certain, and counts no others. */
function accusationDifferences(
  play: Play,
  records: readonly ForensicRecord[],
  flows: readonly FlowRecord[],
): Difference[] {
  const told = records.filter((each): each is AccusationRecord => each.event.startsWith('verdict.'))
  const contradicting = flows.filter(isCertainContradiction)
  // conntrack and a SYN show a beginning; what else does is the collectors' matter.
  const due = contradicting.filter(
    ({ evidence, verdict, proto }) =>
      (evidence.source === 'conntrack' && verdict === 'allowed' && isBegun(play, evidence)) ||
      (verdict === 'denied' && proto === 'udp'),
  )
  const count = told.reduce((sum, { n }) => sum + n, 0)
  const texts = told
    .filter(({ of }) => !contradicting.some(({ id }) => id === of))
    .map(({ id }) => `${id} accuses by a flow that does not contradict`)
  if (count > contradicting.length)
    texts.push(`${count} packets accuse, ${contradicting.length} flows contradict`)
  if (count < due.length) texts.push(`${count} packets accuse, ${due.length} flows must`)
  return texts.map(text => ({ text, context: `seed ${play.seed}` }))
}

function isBegun({ logs }: Play, evidence: FlowRecord['evidence']): boolean {
  const seen = logs.flatMap(log => log.seen)
  return seen.some(
    one => one.isBegun && one.source === evidence.source && one.offsets.includes(evidence.offset!),
  )
}

function isCertainContradiction({ why, egress, ingress }: FlowRecord): boolean {
  return [why, egress, ingress].some(
    side => side?.agreement === 'contradicts' && side.certainty === 'certain',
  )
}

/** The figures of `--stats json` as the generator knows them; `records` are the lines on standard output. */
export function expectedStats({ logs }: Play, records: readonly ForensicRecord[]): Stats {
  const seen = logs.flatMap(log => log.seen)
  const sum = (figure: (log: Log) => number) => logs.reduce((total, log) => total + figure(log), 0)
  const withVerdict = (verdict: Seen['verdict']) => seen.filter(one => one.verdict === verdict).length
  return {
    lines: sum(({ text }) => text.split('\n').length - 1),
    flows: seen.length,
    denied: withVerdict('denied'),
    allowed: withVerdict('allowed'),
    foreign: sum(({ foreign }) => foreign),
    malformed: sum(({ malformed }) => malformed),
    records: records.length,
  }
}

/** How many flows the records stand for, by event, first records and follow-ups together. */
export function countFlows(records: readonly ForensicRecord[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const record of records)
    if (record.event.startsWith('flow.') && 'n' in record)
      counts[record.event] = (counts[record.event] ?? 0) + record.n
  return counts
}

export function expectedFlows({ logs }: Play): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { verdict } of logs.flatMap(log => log.seen))
    if (verdict !== 'none') counts[`flow.${verdict}`] = (counts[`flow.${verdict}`] ?? 0) + 1
  return counts
}

/** Any line of a connection may be the one that its record stands on. */
function isEvidence({ evidence }: FlowRecord, seen: Seen): boolean {
  return evidence.source === seen.source && seen.offsets.includes(evidence.offset!)
}

function describe({ seed, world }: Play, seen: Seen, found: readonly FlowRecord[]): string {
  return [
    `seed ${seed}`,
    ...seen.lines,
    ...found.map(one => JSON.stringify(one)),
    JSON.stringify(world),
  ].join('\n')
}
