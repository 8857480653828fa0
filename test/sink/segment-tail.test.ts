// Which records a crash kept from the segments, whichever of them were closed since.

import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ForensicRecord } from '../../agent/forensics/record.ts'
import { missingFrom } from '../../agent/sink/segment-tail.ts'
import { openSegments } from '../../agent/sink/segments.ts'

const record = (i: number): ForensicRecord => ({
  v: 1,
  id: `01M87F97Q7${String(i).padStart(16, '0')}`,
  event: 'policy.changed',
  policy: `data/p${i}`,
  op: 'changed',
})
const records = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => record(from + i))

async function write(dir: string, all: readonly ForensicRecord[], maxBytes: number): Promise<void> {
  const segments = await openSegments({ dir, maxBytes, now: () => 1_795_514_400_000, say() {} })
  for (const each of all) {
    segments.line(JSON.stringify(each))
    await segments.flush()
  }
  await segments.close()
}

t.test(
  'those that stand in the open segment are not missing, those that do not are, in their order',
  async t => {
    const dir = t.testdir()
    await write(dir, records(0, 5), 1 << 20)
    t.strictSame(missingFrom(dir, records(3, 8)), records(5, 8))
    t.strictSame(missingFrom(dir, []), [])
  },
)

t.test('those in segments that were closed since are not missing', async t => {
  const dir = t.testdir()
  await write(dir, records(0, 40), 1_500)
  t.ok(readdirSync(dir).filter(name => name.endsWith('.zst')).length > 3)
  t.strictSame(missingFrom(dir, records(1, 42)), records(40, 42))
  t.strictSame(missingFrom(dir, records(50, 52)), records(50, 52))
})

t.test('a line that is not whole does not count', async t => {
  const dir = t.testdir()
  await write(dir, records(0, 1), 1 << 20)
  const [name] = readdirSync(dir)
  appendFileSync(join(dir, name!), JSON.stringify(record(1)).slice(0, -5))
  t.strictSame(missingFrom(dir, records(0, 2)), records(1, 2))
})

t.test('an empty directory has none', async t => {
  t.strictSame(missingFrom(t.testdir(), records(0, 2)), records(0, 2))
})
