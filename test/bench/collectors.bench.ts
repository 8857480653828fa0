// What does a line cost? Parsing alone, conntrack with its connections, and the whole path from bytes to records over the quickstart's
// world, against `wc -l`, splitting alone, and the obvious way
// to do it: regular expressions or JSON.parse and a Map. Every variant in a fresh process, CPU time, medians; ratios are what counts.
// Of the formats that nobody writes a million lines a second of, the lines are those of the tests, over and over.
//
//   node test/bench/collectors.bench.ts [--lines N] [--runs N] [--format NAME]

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type ClusterInput, readWorld } from '../../agent/cluster/index.ts'
import { createPipeline } from '../../agent/pipeline.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { manifestsOf } from '../../agent/quickstart/index.ts'
import { createLines } from '../../agent/source/lines.ts'
import { createTimeline } from '../../agent/timeline/index.ts'
import { createConnections } from '../../agent/verdict/connections.ts'
import { createFlow } from '../../collectors/flow.ts'
import { formatByName, formats } from '../../collectors/index.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { naive, readChunks } from './baseline.ts'
import { writeConntrack, writeHubble, writeLog } from './generate.ts'
import { cpuSecondsOf, median } from './report.ts'

type Variant = (path: string, format: string) => number

/** Set where the variant needs it: reading a world takes its time. */
let world: ClusterInput | undefined

const collectorOptions = { zone: (wall: number) => wall, year: 2026, prefixes: [], bootTime: Number.NaN }

const variants: Record<string, Variant> = {
  lines(path) {
    let count = 0
    const lines = createLines(() => count++)
    readChunks(path, chunk => lines.write(chunk))
    return count
  },
  parse(path, format) {
    const collector = formatByName(format)!.create(collectorOptions)
    const flow = createFlow()
    let count = 0
    const lines = createLines((bytes, start, end) => {
      count++
      collector.read(bytes, start, end, flow)
    })
    readChunks(path, chunk => lines.write(chunk))
    return count
  },
  connections(path, format) {
    const collector = formatByName(format)!.create(collectorOptions)
    const connections = createConnections({ decide: 'end', emit: () => {} })
    const flow = createFlow()
    let count = 0
    const lines = createLines((bytes, start, end) => {
      count++
      if (collector.read(bytes, start, end, flow) === 1) connections.observe(flow)
    })
    readChunks(path, chunk => lines.write(chunk))
    return count
  },
  path(path, format) {
    const timeline = createTimeline<Epoch>(world!, {
      compile: input => compile(input, { profile: 'upstream' }),
    })
    const pipeline = createPipeline({
      timeline,
      node: undefined,
      allowed: 'count',
      fold: true,
      emit: record => JSON.stringify(record),
    })
    const collector = createUnwrapper(formatByName(format)!, collectorOptions)
    const intake = pipeline.open({ format, collector, file: path, stream: format, decide: 'end' })
    const lines = createLines(intake.line)
    readChunks(path, chunk => lines.write(chunk))
    lines.close()
    intake.end()
    pipeline.close()
    return pipeline.counts.lines
  },
  naive,
}

/** One variant once, after warming up on the first part of the file; prints nanoseconds of CPU per line. */
async function runOne(name: string, format: string, path: string): Promise<void> {
  const variant = variants[name]!
  if (name === 'path') world = await readWorld(manifestsOf())
  variant(path, format)
  const before = process.cpuUsage()
  const lines = variant(path, format)
  const used = process.cpuUsage(before)
  process.stdout.write(`${(((used.user + used.system) * 1000) / lines).toFixed(1)}\n`)
}

function measure(name: string, format: string, path: string, runs: number): number {
  const self = fileURLToPath(import.meta.url)
  return median(
    Array.from({ length: runs }, () =>
      Number(execFileSync(process.execPath, [self, '--one', name, format, path], { encoding: 'utf8' })),
    ),
  )
}

function measureWc(path: string, lines: number, runs: number): number {
  return (median(Array.from({ length: runs * 3 }, () => cpuSecondsOf('wc', ['-l', path]))) / lines) * 1e9
}

function report(format: string, path: string, lines: number, runs: number): void {
  const wc = measureWc(path, lines, runs)
  const naive = isHot(format) ? measure('naive', format, path, runs) : Number.NaN
  process.stdout.write(`\n${format}, ${Math.round(statSync(path).size / lines)} bytes a line\n`)
  const row = (name: string, ns: number): boolean =>
    process.stdout.write(
      `  ${name.padEnd(12)}${ns.toFixed(0).padStart(7)} ns  ${(1000 / ns).toFixed(2).padStart(6)} M/s  ${(ns / wc).toFixed(1).padStart(6)} x wc${isHot(format) ? `  ${(naive / ns).toFixed(1).padStart(5)} x faster than naive` : ''}\n`,
    )
  row('wc -l', wc)
  for (const name of ['lines', 'parse', ...(format === 'conntrack' ? ['connections'] : []), 'path'])
    row(name, measure(name, format, path, runs))
  if (isHot(format)) row('naive', naive)
}

type Writer = (path: string, lines: number) => void
const generated: Readonly<Record<string, Writer>> = {
  conntrack: writeConntrack,
  'netfilter-log': writeLog,
  hubble: writeHubble,
}

const isHot = (format: string): boolean => format in generated

/** The fixtures' lines, as often as it takes; gives how many there are. */
function writeFixtures(format: string, path: string, lines: number): number {
  const folder = new URL(`../fixtures/${format}/`, import.meta.url)
  const logs = readdirSync(folder).filter(name => name.endsWith('.log'))
  const text = Buffer.concat(logs.map(name => readFileSync(new URL(name, folder))))
  const count = text.filter(byte => byte === 10).length
  const times = Math.ceil(lines / count)
  writeFileSync(path, Buffer.concat(Array.from({ length: times }, () => text)))
  return times * count
}

/** Hubble's lines are long, and those of the other formats rare. */
function writeLines(format: string, path: string, lines: number): number {
  const few = Math.ceil(lines / 4)
  if (!isHot(format)) return writeFixtures(format, path, few)
  const count = format === 'hubble' ? few : lines
  generated[format]!(path, count)
  return count
}

const { values, positionals } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    format: { type: 'string' },
    one: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

if (values.one) await runOne(positionals[0]!, positionals[1]!, positionals[2]!)
else {
  const folder = mkdtempSync(join(tmpdir(), 'culprit-bench-'))
  const lines = Number(values.lines)
  const runs = Number(values.runs)
  try {
    for (const { name } of formats) {
      if (values.format !== undefined && values.format !== name) continue
      const path = join(folder, `${name}.log`)
      report(name, path, writeLines(name, path, lines), runs)
      rmSync(path)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
