// The pipeline over lines that a test has at hand, as the live agent runs it.

import { eventReader, readWorld, type WatchEvent } from '../agent/cluster/index.ts'
import type { Counts } from '../agent/counts.ts'
import type { ForensicRecord } from '../agent/forensics/record.ts'
import { createPipeline } from '../agent/pipeline.ts'
import { compile, type Epoch } from '../agent/policy/index.ts'
import { manifestsOf } from '../agent/quickstart/index.ts'
import { createLines } from '../agent/source/lines.ts'
import { createTimeline } from '../agent/timeline/index.ts'
import { formatByName } from '../collectors/index.ts'

export interface Run {
  /** Manifests; the quickstart's shop by default. */
  readonly world?: string
  readonly events?: readonly WatchEvent[]
  readonly node?: string
  readonly bootTime?: number
  readonly fold?: boolean
  readonly decide?: 'end' | 'reply'
  /** Is filled with what went through. */
  readonly counts?: Partial<Counts>
  /** Lines by format. */
  readonly logs: Readonly<Record<string, readonly string[]>>
}

export async function pipelineOver(run: Run): Promise<ForensicRecord[]> {
  const input = await readWorld(run.world ?? manifestsOf())
  const timeline = createTimeline<Epoch>(input, { compile: world => compile(world, { profile: 'upstream' }) })
  for (const event of (run.events ?? []).map(eventReader())) timeline.apply(event)
  const records: ForensicRecord[] = []
  const pipeline = createPipeline({
    timeline,
    node: run.node,
    allowed: 'full',
    fold: run.fold ?? true,
    emit: record => records.push(record),
  })
  for (const [format, lines] of Object.entries(run.logs)) {
    const collector = formatByName(format)!.create({
      zone: wall => wall,
      year: 2026,
      prefixes: [],
      bootTime: run.bootTime ?? Number.NaN,
    })
    const intake = pipeline.open({
      format,
      collector,
      file: undefined,
      stream: format,
      decide: run.decide ?? 'reply',
    })
    const reader = createLines(intake.line)
    reader.write(Buffer.from(lines.map(line => `${line}\n`).join(''), 'latin1'))
    reader.close()
    intake.end()
  }
  pipeline.close()
  if (run.counts !== undefined) Object.assign(run.counts, pipeline.counts)
  return records
}
