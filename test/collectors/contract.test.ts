// What every log format must keep to, present ones and those to come. A format needs `test/fixtures/<name>/*.log`, its own lines
// written to its grammar, and beside each the expected flows, `*.flows.json`, which a human has read.

import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { isIPv4 } from '../../agent/address.ts'
import { contractFormats } from '../../agent/command/log-option.ts'
import { createLines } from '../../agent/source/lines.ts'
import { type Collector, type Format, Outcome } from '../../collectors/collector.ts'
import { createFlow, Proto, verdictNames } from '../../collectors/flow.ts'
import { formats } from '../../collectors/index.ts'
import { fixtureFolder, fixtureLines, fixturesOf } from './fixtures.ts'
import { describe, fileLines, invalidity, options, outcomeNames, readAll, readOne } from './flows.ts'

const linesFor = (format: Format): readonly Uint8Array[] => fixtureLines(format.name)

const textOf = (line: Uint8Array): string => Buffer.from(line).toString('latin1').trimEnd().slice(0, 160)

t.test('formats have different names, a marker and a claim', async t => {
  t.equal(new Set(formats.map(format => format.name)).size, formats.length)
  for (const format of formats) {
    t.ok(format.marker.length > 0, format.name)
    t.ok(format.claims.length > 0, format.name)
  }
})

t.test('every format of the contract is there', async t => {
  const known = [...formats.map(format => format.name), 'custom', 'auto']
  // Flows without addresses: they come with the pipeline's way to judge by names.
  const toCome = ['calico-flows', 'calico-whisker']
  t.same(
    contractFormats.filter(name => !known.includes(name) && !toCome.includes(name)),
    [],
  )
})

for (const format of formats) {
  t.test(`${format.name} reads its fixtures as expected`, async t => {
    t.ok(fixturesOf(format.name).length > 0, 'has fixtures')
    for (const name of fixturesOf(format.name)) {
      const path = new URL(name, fixtureFolder(format.name))
      const expected: unknown = JSON.parse(
        readFileSync(new URL(name.replace(/log$/, 'flows.json'), fixtureFolder(format.name)), 'utf8'),
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
        if (flow.names?.source === undefined && !isIPv4(flow.address)) seen.add('IPv6')
        if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6) seen.add('ICMP')
      }
      const lacks: readonly string[] = format.lacks ?? []
      for (const wanted of [...format.claims, 'IPv6', 'ICMP', 'malformed'])
        t.equal(seen.has(wanted), !lacks.includes(wanted), wanted)
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
        const cut = Buffer.concat([line.subarray(0, length), Buffer.of(format.endsOpen ? 0 : 10)])
        const { outcome, flow } = readOne(collector, cut)
        if (outcome !== Outcome.flow) continue
        const wrong =
          invalidity(flow, format.claims, cut) ??
          (isDeepStrictEqual(essence(describe(flow, cut), expected), expected) ? undefined : 'another flow')
        if (wrong !== undefined) return t.fail(`${wrong}: ${textOf(cut)}`)
      }
    }
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
