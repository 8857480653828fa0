// A schedule through the real pipeline: events into the timeline, lines through their collectors, records out.

import { type FlowRecord, isFlowRecord } from '../../agent/forensics/record.ts'
import { createPipeline } from '../../agent/pipeline.ts'
import { compile, type Epoch, type World } from '../../agent/policy/index.ts'
import { createLines } from '../../agent/source/lines.ts'
import { createTimeline, type Timeline, type TimelineEvent } from '../../agent/timeline/index.ts'
import { formatByName } from '../../collectors/index.ts'
import { createRandom } from '../oracle/random.ts'
import { type Hazards, STEPPED, wallOf } from './hazards.ts'
import { us } from './objects.ts'
import { linesOf, type Packet, packetsOf } from './packets.ts'
import { type Schedule, scheduleOf } from './schedule.ts'
import { watchOf } from './watch.ts'

export interface Told {
  readonly packet: Packet
  readonly lines: readonly string[]
  readonly record: FlowRecord | undefined
}

export interface Play {
  readonly schedule: Schedule
  readonly told: readonly Told[]
}

export function play(seed: number, hazards: Hazards, count: number): Play {
  const random = createRandom(seed)
  const schedule = scheduleOf(random, hazards)
  const events = watchOf(random, schedule, hazards)
  const packets = packetsOf(random, schedule, hazards, count)
  const timeline = timelineOf(events, hazards)
  const records: FlowRecord[] = []
  const pipeline = createPipeline({
    timeline,
    node: undefined,
    allowed: 'full',
    fold: false,
    emit: record => {
      if (isFlowRecord(record)) records.push(record)
    },
  })
  const told = packets.map((packet, i) => ({ packet, lines: linesOf(packet, i, hazards) }))
  const places = new Map<string, number>()
  for (const [format, verdict] of [
    ['netfilter-log', 'denied'],
    ['conntrack', 'allowed'],
  ] as const) {
    const collector = formatByName(format)!.create({
      zone: wall => wall,
      year: 2026,
      prefixes: [],
      bootTime: Number.NaN,
    })
    const intake = pipeline.open({ format, collector, file: undefined, stream: format, decide: 'reply' })
    const reader = createLines(intake.line)
    for (const [i, { packet, lines }] of told.entries()) {
      if (packet.verdict !== verdict) continue
      for (const line of lines) {
        places.set(`${format} ${reader.offset}`, i)
        reader.write(Buffer.from(`${line}\n`))
      }
    }
    intake.end()
  }
  pipeline.close()
  const found = new Map(
    records.map(record => [places.get(`${record.evidence.source} ${record.evidence.offset}`), record]),
  )
  return { schedule, told: told.map((each, i) => ({ ...each, record: found.get(i) })) }
}

/** As a file would tell of it; where the clock is stepped as it happens, for a file has its lines in the order of their times. */
function timelineOf(events: readonly TimelineEvent[], hazards: Hazards): Timeline<Epoch> {
  const options = { compile: (world: World) => compile(world, { profile: 'upstream' }) }
  if (hazards.step === 0) return createTimeline<Epoch>({ events }, options)
  const timeline = createTimeline<Epoch>({}, options)
  for (const each of events) timeline.apply(each)
  const [from, to] = [STEPPED, wallOf(hazards, STEPPED)].map(us).toSorted((a, b) => a - b) as [number, number]
  timeline.doubtClock(from, to)
  return timeline
}
