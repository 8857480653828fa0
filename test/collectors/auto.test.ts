// The format of each line, told from its content: every fixture of every format, alone and mixed with the others.

import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'
import { createAuto } from '../../collectors/auto.ts'
import { type Format, Outcome } from '../../collectors/collector.ts'
import { customFormat } from '../../collectors/custom.ts'
import { formats } from '../../collectors/index.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { describe, fileLines, options, readAll, readOne, shared } from './flows.ts'

/** The lines of the format's fixtures, without those that are there because they are another's. */
const files = formats.flatMap(format => {
  const folder = new URL(`../fixtures/${format.name}/`, import.meta.url)
  const names = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.log')) : []
  return names.map(name => {
    const own = createUnwrapper(format, options)
    const lines = fileLines(new URL(name, folder)).filter(
      line => readOne(own, line).outcome !== Outcome.foreign,
    )
    return { format, name: `${format.name}/${name}`, lines }
  })
})

t.test('a file of one format is read as if its name had been said', async t => {
  for (const { format, name, lines } of files) {
    const auto = createAuto(formats, options)
    t.strictSame(readAll(auto, lines), readAll(createUnwrapper(format, options), lines), name)
    const others = auto.found.filter(found => found.format !== format.name && found.lines > 0)
    t.same(others, [], `${name} is of no other format`)
    t.equal(auto.found.find(found => found.format === format.name)!.contested, 0, `${name} is not ambiguous`)
  }
})

t.test('formats that share a file are told apart line by line', async t => {
  // Without formats whose lines need the lines before them, or a header.
  const mixed = files.filter(
    ({ format }) => !['kube-network-policies', 'vpc-flow', 'ulogd'].includes(format.name),
  )
  const longest = Math.max(...mixed.map(({ lines }) => lines.length))
  const auto = createAuto(formats, options)
  const alone = new Map(mixed.map(({ name, format }) => [name, createUnwrapper(format, options)]))
  for (let i = 0; i < longest; i++) {
    for (const { name, format, lines } of mixed) {
      const line = lines[i]
      if (line === undefined) continue
      const expected = readOne(alone.get(name)!, line)
      const seen = readOne(auto, line)
      t.equal(seen.outcome, expected.outcome, `${name} line ${i + 1}`)
      // What is no flow may be said by several: a line that is broken, a notice of loss.
      if (seen.outcome !== Outcome.flow) continue
      t.equal(formats[auto.at]?.name, format.name, `${name} line ${i + 1}`)
      // Years are told from the order of stamps, and these fixtures are not of one time.
      const without = { time: undefined }
      t.strictSame(
        { ...describe(seen.flow, line), ...without },
        { ...describe(expected.flow, line), ...without },
        `${name} line ${i + 1}`,
      )
    }
  }
})

t.test('what it found is counted, and what no format knows too', async t => {
  const auto = createAuto(formats, options)
  const flow =
    '    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5'
  for (const line of ['hello', flow, flow.slice(0, 60), flow, '{"a":1}', '']) readOne(auto, line)
  t.equal(auto.foreign, 3)
  t.match(
    auto.found.find(({ format }) => format === 'conntrack'),
    { lines: 3, flows: 2, malformed: 1 },
  )
  readOne(auto, 'hello')
  t.equal(auto.at, -1)
})

t.test('a line that two formats read is ambiguous, and goes to the first of them', async t => {
  const twin = (name: string): Format => ({
    ...customFormat({
      lines: 'pairs',
      verdict: { always: 'denied' },
      source: { address: 'src' },
      destination: { address: 'dst' },
    }),
    name,
  })
  const auto = createAuto([twin('a'), twin('b')], options)
  readOne(auto, 'src=10.0.0.1 dst=10.0.0.2')
  t.match(auto.found, [
    { format: 'a', flows: 1, contested: 1, compared: 1, rival: 'b' },
    { format: 'b', lines: 0 },
  ])
})

const samples = shared('formats/samples/')

t.test(
  'the collected lines of real systems are told apart too',
  { skip: existsSync(samples) ? false : 'no study material beside the checkout' },
  async t => {
    for (const format of formats) {
      const file = new URL(`${format.name}.log`, samples)
      if (!existsSync(file)) continue
      const lines = fileLines(file)
      const auto = createAuto(formats, options)
      t.strictSame(readAll(auto, lines), readAll(createUnwrapper(format, options), lines), format.name)
      const others = auto.found.filter(found => found.format !== format.name && found.lines > 0)
      t.same(others, [], `${format.name} is of no other format`)
      t.notOk(
        auto.found.some(found => found.contested > 0),
        `${format.name} is not ambiguous`,
      )
    }
  },
)
