// What an index tells from its beginning alone, and what it needs the rest for.

import t from 'tap'
import { createIndexer, indexText, isInTime, readIndex } from '../../agent/forensics/segment-index.ts'

const line = (policy: string, i: number) =>
  `${JSON.stringify({ v: 1, id: `01M87F97Q7${String(i).padStart(16, '0')}`, ts: '2026-11-24T12:00:00Z', event: 'policy.changed', policy })}\n`

/** The text of the index of these policies' changes, in one block. */
function indexOf(policies: readonly string[]): string {
  const indexer = createIndexer()
  const block = indexer.block(Buffer.from(policies.map(line).join('')))
  const blocks = [{ offset: 0, bytes: 10, ...block }]
  return indexText({ bytes: 10, first: 1, last: policies.length }, { terms: indexer.take(), blocks })
}

const many = Array.from({ length: 4000 }, (_, i) => `team-${i % 40}/service-${i}-ingress`)

function read(text: string, head = 8192) {
  let reads = 0
  const whole = Buffer.from(text)
  const index = readIndex(whole.subarray(0, head), 10, () => {
    reads++
    return whole
  })!
  const holds = (policy: string) => index.mayHold({ policy: [policy] })
  return { holds, reads: () => reads }
}

t.test(
  'that a policy is not there is told from the first 8 KiB, of as many terms as an index has',
  async t => {
    const { holds, reads } = read(indexOf(many))
    t.notOk(holds('rare/needle'))
    t.notOk(holds('rare/thimble'))
    t.equal(reads(), 0)
    t.ok(many.every(holds))
    t.equal(reads(), 1)
  },
)

for (const [name, change, head] of [
  ['an index of an earlier version, without a filter', /"filter":"[^"]*",/, 8192],
  ['a filter that is called otherwise', /"filter"/, 8192],
  ['a filter that does not end where reading does', /(?!)/, 1024],
] as const)
  t.test(`${name} leaves the question to the whole index`, async t => {
    const text = indexOf(many).replace(change, found => (found.endsWith(',') ? '' : '"filter2"'))
    const { holds, reads } = read(text, head)
    t.notOk(holds('rare/needle'))
    t.equal(reads(), 1)
    t.ok(many.every(holds))
  })

t.test('an index whose end is missing is called damaged, and nothing is taken for absent', async t => {
  const text = indexOf(many).replace(/"filter":"[^"]*",/, '')
  const { holds } = read(text.slice(0, 20_000))
  t.throws(() => holds(many.at(-1)!), {
    message: /the segment that begins with line 1: it is damaged, remove it/,
  })
})

t.test('lines of a time that the question only touches are in it, and lines without one are not', async t => {
  const block = { from: 100, to: 200 }
  for (const [since, until, is] of [
    [200, 300, true],
    [201, 300, false],
    [0, 100, true],
    [0, 99, false],
    [120, 130, true],
  ] as const)
    t.equal(isInTime(block, since, until), is, `${since} to ${until}`)
  t.notOk(isInTime({ from: undefined, to: undefined }, 0, 300))
})

t.test('an index of another version or of another segment is none', async t => {
  const text = indexOf(many.slice(0, 3))
  t.ok(readIndex(Buffer.from(text), 10))
  t.equal(readIndex(Buffer.from(text), 11), undefined)
  const other = text.replace(/"v":\d+/, '"v":999')
  t.not(other, text)
  t.equal(readIndex(Buffer.from(other), 10), undefined)
})

t.test('gaps of a segment that is not read are known from its index', async t => {
  const gap = `${JSON.stringify({ v: 1, id: '01M87F97Q70000000000000000', ts: '2026-11-24T12:00:00Z', event: 'evidence.gap', cause: 'rotated' })}\n`
  const indexOfLines = (lines: string) => {
    const indexer = createIndexer()
    const blocks = [{ offset: 0, bytes: 10, ...indexer.block(Buffer.from(lines)) }]
    return readIndex(
      Buffer.from(indexText({ bytes: 10, first: 1, last: 2 }, { terms: indexer.take(), blocks })),
      10,
    )!
  }
  t.equal(indexOfLines(line('a/b', 1) + gap).gaps, true)
  t.notOk(indexOfLines(line('a/b', 1)).gaps)
})
