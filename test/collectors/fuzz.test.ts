// Whatever the bytes: no collector throws, gives an invalid flow or changes its line. Seeded, so that what fails once fails again;
// `FUZZ_MUTATIONS=1000000 FUZZ_SEED=7 node test/collectors/fuzz.test.ts` for a longer run.

import t from 'tap'
import { createAuto } from '../../collectors/auto.ts'
import type { Collector } from '../../collectors/collector.ts'
import { customFormat } from '../../collectors/custom.ts'
import type { Mapping } from '../../collectors/custom-mapping.ts'
import { verdictNames } from '../../collectors/flow.ts'
import { formats } from '../../collectors/index.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fixtureLines } from './fixtures.ts'
import { linesOf, options } from './flows.ts'
import { fuzz } from './mutate.ts'

const isByHand = process.env.FUZZ_MUTATIONS !== undefined
const mutations = Number(process.env.FUZZ_MUTATIONS ?? 10_000)
const seed = Number(process.env.FUZZ_SEED ?? 20261124)
const zone = (wall: number): number => wall - 3_600_000_000

const everything: Omit<Mapping, 'lines'> = {
  time: { field: 't', format: '%Y-%m-%d %H:%M:%S.%f', end: 'u' },
  verdict: { field: 'act', words: { drop: 'denied', rst: 'rejected' }, otherwise: 'allowed' },
  source: { address: 'src', port: 'spt' },
  destination: { address: 'dst', port: 'dpt' },
  protocol: 'proto',
  direction: { field: 'dir', words: { in: 'ingress', out: 'egress' } },
  reply: { field: 're', words: { true: true } },
  flags: 'flags',
  icmp: { type: 'type', code: 'code' },
  translated: { source: { address: 'nsrc' }, destination: { address: 'ndst', port: 'ndpt' } },
  packets: 'pkts',
  bytes: 'len',
  count: 'n',
  interfaces: { in: 'if' },
  reported: { policy: 'pol', namespace: 'ns', kind: 'kind', words: 'why' },
}
const values: [string, string][] = [
  ['t', '2026-11-24 10:00:00.25'],
  ['u', '2026-11-24 10:01:00.5'],
  ...Object.entries({ act: 'drop', src: '10.0.0.1', spt: '40000', dst: 'fd00::2', dpt: '53', proto: 'udp' }),
  ...Object.entries({ dir: 'in', re: 'true', flags: 'SYN', type: '8', code: '0', nsrc: '10.1.0.1' }),
  ...Object.entries({
    ndst: '10.0.0.9',
    ndpt: '80',
    pkts: '3',
    len: '180',
    n: '2',
    if: 'eth0',
    pol: 'a "b"',
  }),
  ...Object.entries({ ns: 'x', kind: 'NetworkPolicy', why: 'rule, 7' }),
]
const names = values.map(([name]) => name)
const written: Record<Mapping['lines'], string> = {
  json: JSON.stringify({ ...Object.fromEntries(values), deep: [1, { a: [] }] }),
  pairs: values.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' '),
  csv: values.map(([, value]) => `"${value.replaceAll('"', '""')}"`).join(','),
}

interface Subject {
  readonly name: string
  readonly collector: Collector
  readonly claims: readonly string[]
  readonly lines: readonly Uint8Array[]
}

const stamp = '2026-11-24T17:33:05.140418123Z'
const wraps: readonly ((line: string) => string)[] = [
  line => `${stamp} stdout F ${line}`,
  line => `${stamp} stderr P ${line}`,
  line => JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: stamp }),
  line => JSON.stringify({ __REALTIME_TIMESTAMP: '1795541609664935', MESSAGE: line }),
  line => `<14>Nov 24 17:33:05 worker-3 app[81]: ${line}`,
]
const allLines = formats.flatMap(format => fixtureLines(format.name))
const wrapped = allLines.map((line, i) =>
  Buffer.from(`${wraps[i % wraps.length]!(Buffer.from(line).toString().trimEnd())}\n`),
)

const subjects: readonly Subject[] = [
  ...formats.map(format => ({
    name: format.name,
    collector: format.create(options),
    claims: format.claims,
    lines: fixtureLines(format.name),
  })),
  ...(['json', 'pairs', 'csv'] as const).map(lines => {
    const format = customFormat({ ...everything, lines, ...(lines === 'csv' && { columns: names }) })
    return {
      name: `custom ${lines}`,
      collector: createUnwrapper(format, { ...options, zone }),
      claims: format.claims,
      lines: linesOf(Buffer.from(`${written[lines]}\n`)),
    }
  }),
  {
    name: 'auto, wrapped',
    collector: createAuto(formats, { ...options, zone }),
    claims: verdictNames,
    lines: [...wrapped, ...allLines],
  },
]

/** Seconds for all of them; what one does not need is the others'. */
const SECONDS = 18
let left = SECONDS

for (const [i, { name, collector, claims, lines }] of subjects.entries()) {
  t.test(`${name} neither throws nor gives an invalid flow, whatever the bytes`, async t => {
    const seconds = isByHand ? Number.POSITIVE_INFINITY : left / (subjects.length - i)
    const began = process.hrtime.bigint()
    const { done, wrong } = fuzz(collector, lines, { claims, mutations, seconds, seed })
    left -= Number(process.hrtime.bigint() - began) / 1e9
    t.ok(done > 0)
    if (wrong !== undefined) t.fail(wrong)
    else t.pass(`${done} lines`)
  })
}
