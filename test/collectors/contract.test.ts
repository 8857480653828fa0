// What every log format must keep to, present ones and those to come. A format needs `test/fixtures/<name>/*.log`, its own lines
// written to its grammar, and beside each the expected flows, `*.flows.json`, which a human has read.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { isIPv4 } from '../../agent/address.ts'
import { createLines } from '../../agent/source/lines.ts'
import { type Collector, type Format, Outcome } from '../../collectors/collector.ts'
import { createFlow, Proto, verdictNames } from '../../collectors/flow.ts'
import { formats } from '../../collectors/index.ts'
import { createRandom } from '../bench/generate.ts'
import { describe, fileLines, invalidity, options, outcomeNames, readAll, readOne } from './flows.ts'

const MUTATIONS = 100_000
const MUTATION_SECONDS = 2.5

const folderOf = (format: Format): URL => new URL(`../fixtures/${format.name}/`, import.meta.url)

function fixturesOf(format: Format): string[] {
  const folder = folderOf(format)
  return existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.log')) : []
}

const linesByFormat = new Map(
  formats.map(format => [
    format.name,
    fixturesOf(format).flatMap(name => fileLines(new URL(name, folderOf(format)))),
  ]),
)

const linesFor = (format: Format): Uint8Array[] => linesByFormat.get(format.name)!

const textOf = (line: Uint8Array): string => Buffer.from(line).toString('latin1').trimEnd().slice(0, 160)

t.test('formats have different names, a marker and a claim', async t => {
  t.equal(new Set(formats.map(format => format.name)).size, formats.length)
  for (const format of formats) {
    t.ok(format.marker.length > 0, format.name)
    t.ok(format.claims.length > 0, format.name)
  }
})

for (const format of formats) {
  t.test(`${format.name} reads its fixtures as expected`, async t => {
    t.ok(fixturesOf(format).length > 0, 'has fixtures')
    for (const name of fixturesOf(format)) {
      const path = new URL(name, folderOf(format))
      const expected: unknown = JSON.parse(
        readFileSync(new URL(name.replace(/log$/, 'flows.json'), folderOf(format)), 'utf8'),
      )
      t.strictSame(
        JSON.parse(JSON.stringify(readAll(format.create(options), fileLines(path)))),
        expected,
        name,
      )
    }
  })

  t.test(
    `${format.name} has a line of each verdict it claims, an IPv6, an ICMP and a malformed line`,
    async t => {
      const collector = format.create(options)
      const seen = new Set<string>()
      for (const line of linesFor(format)) {
        const { outcome, flow } = readOne(collector, line)
        seen.add(outcomeNames[outcome])
        if (outcome !== Outcome.flow) continue
        seen.add(verdictNames[flow.verdict])
        if (!isIPv4(flow.address)) seen.add('IPv6')
        if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6) seen.add('ICMP')
      }
      for (const wanted of [...format.claims, 'IPv6', 'ICMP', 'malformed']) t.ok(seen.has(wanted), wanted)
    },
  )

  t.test(`${format.name} finds the lines of every other format foreign`, async t => {
    const collector = format.create(options)
    for (const other of formats) {
      if (other === format) continue
      const own = other.create(options)
      for (const line of linesFor(other)) {
        if (readOne(own, line).outcome === Outcome.foreign) continue
        const { outcome } = readOne(collector, line)
        if (outcome !== Outcome.foreign)
          t.fail(`${outcomeNames[outcome]}, a line of ${other.name}: ${textOf(line)}`)
      }
    }
  })

  t.test(`${format.name} never makes a shorter number or another flow of a line that was cut`, async t => {
    for (const line of linesFor(format)) {
      const collector = format.create(options)
      const whole = readOne(collector, line)
      if (whole.outcome !== Outcome.flow) continue
      const expected = essence(describe(whole.flow, line))
      for (let length = 0; length < line.length - 1; length++) {
        const cut = Buffer.concat([line.subarray(0, length), Buffer.of(10)])
        const { outcome, flow } = readOne(collector, cut)
        if (outcome !== Outcome.flow) continue
        const wrong =
          invalidity(flow, format.claims, cut) ??
          (isDeepStrictEqual(essence(describe(flow, cut), expected), expected) ? undefined : 'another flow')
        if (wrong !== undefined) return t.fail(`${wrong}: ${textOf(cut)}`)
      }
    }
  })

  t.test(`${format.name} neither throws nor gives an invalid flow, whatever the bytes`, async t => {
    const wrong = mutate(format, linesFor(format))
    if (wrong !== undefined) t.fail(wrong)
  })

  t.test(`${format.name} reads the same flows when lines come one byte at a time`, async t => {
    const lines = linesFor(format)
    const byByte: unknown[] = []
    const collector = format.create(options)
    const splitter = createLines((bytes, start, end) => byByte.push(readLine(collector, bytes, start, end)))
    for (const byte of Buffer.concat(lines)) splitter.write(Buffer.of(byte))
    splitter.close()
    const atOnce: unknown[] = []
    const other = format.create(options)
    createLines((bytes, start, end) => atOnce.push(readLine(other, bytes, start, end))).write(
      Buffer.concat(lines),
    )
    t.strictSame(byByte, atOnce)
    t.equal(byByte.length, lines.length)
  })
}

function readLine(collector: Collector, bytes: Uint8Array, start: number, end: number): unknown {
  const flow = createFlow()
  const outcome = collector.read(bytes, start, end, flow)
  return outcome === Outcome.flow ? describe(flow, bytes) : outcomeNames[outcome]
}

type Essence = Record<string, unknown>

/** What must not change when a line loses its end: not what only stands at the end (counters, ids, NAT, some times) and may be gone. */
function essence(flow: Record<string, unknown>, whole?: Essence): Essence {
  const time = flow.time ?? whole?.time
  const { verdict, cause, proto, source, destination, icmp, tcpFlags, event, replied, direction } = flow
  return { time, verdict, cause, proto, source, destination, icmp, tcpFlags, event, replied, direction }
}

/** Random damage to random lines; says what went wrong. */
function mutate(format: Format, lines: readonly Uint8Array[]): string | undefined {
  const random = createRandom(20261124)
  const collector = format.create(options)
  const flow = createFlow()
  const pick = (below: number): number => Math.floor(random() * below)
  const started = process.hrtime.bigint()
  for (let i = 0; i < MUTATIONS; i++) {
    if (i % 1000 === 0 && Number(process.hrtime.bigint() - started) > MUTATION_SECONDS * 1e9) return undefined
    const line = Buffer.from(lines[pick(lines.length)]!)
    const damaged = damage(line, lines[pick(lines.length)]!, pick)
    let outcome: Outcome
    try {
      outcome = collector.read(damaged, 0, damaged.length - 1, flow)
    } catch (error) {
      return `threw ${String(error)}: ${textOf(damaged)}`
    }
    const wrong = outcome === Outcome.flow ? invalidity(flow, format.claims, damaged) : undefined
    if (wrong !== undefined) return `${wrong}: ${textOf(damaged)}`
  }
  return undefined
}

const INTERESTING = Buffer.from(' =[]{}":.,0129-x\\\t')

function damage(line: Buffer, other: Uint8Array, pick: (below: number) => number): Uint8Array {
  const body = line.subarray(0, line.length - 1)
  const at = pick(body.length + 1)
  const length = pick(12)
  const newline = Buffer.of(10)
  switch (pick(5)) {
    case 0:
      if (at < body.length) body[at] = INTERESTING[pick(INTERESTING.length)]!
      return line
    case 1:
      if (at < body.length) body[at] = pick(256) === 10 ? 0 : pick(256)
      return line
    case 2:
      return Buffer.concat([body.subarray(0, at), body.subarray(Math.min(body.length, at + length)), newline])
    case 3:
      return Buffer.concat([body.subarray(0, at), body.subarray(Math.max(0, at - length)), newline])
    default:
      // Two lines torn into one, as a crash leaves them.
      return Buffer.concat([body.subarray(0, at), other])
  }
}
