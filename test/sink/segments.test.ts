// Records at rest: what is on the disk after rotation, crashes, full disks and a spent budget, as `verify` and `query` see it.

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import type { SegmentFile, SegmentFs } from '../../agent/sink/segment-files.ts'
import { openSegments, type SegmentOptions, type Segments } from '../../agent/sink/segments.ts'
import { run } from '../command/run.ts'
import { isDeep } from '../random-cases.ts'

const at = Date.parse('2026-11-24T12:00:00Z')

function record(i: number): string {
  const ts = new Date(at + i * 1000).toISOString()
  const id = `01M87F97Q7${String(i).padStart(16, '0')}`
  return JSON.stringify({ v: 1, id, ts, event: 'policy.changed', policy: `data/p${i}`, op: 'changed' })
}

interface Opened {
  readonly segments: Segments
  readonly said: string[]
}

async function open(dir: string, options: Partial<SegmentOptions> = {}): Promise<Opened> {
  const said: string[] = []
  const segments = await openSegments({ dir, now: () => at, say: text => said.push(text), ...options })
  return { segments, said }
}

/** Policies of the records that a query finds, in order. */
async function policies(dir: string): Promise<string[]> {
  const { stdout } = await run(['query', '--records', dir, '--event', 'policy.changed'])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line).policy)
}

async function gaps(dir: string): Promise<{ cause: string; lost?: number }[]> {
  const { stdout } = await run(['query', '--records', dir, '--event', 'evidence.gap'])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `data/p${i}`)

t.test('records are written on where the last process stopped, in one chain', async t => {
  const dir = t.testdir()
  for (const part of [0, 1, 2]) {
    const { segments, said } = await open(dir)
    for (let i = part * 3; i < part * 3 + 3; i++) segments.line(record(i))
    await segments.close()
    t.same(said, [])
  }
  t.same(readdirSync(dir), ['records.v1.000000000001.jsonl'])
  t.equal(statSync(join(dir, 'records.v1.000000000001.jsonl')).mode & 0o777, 0o600)
  t.same(await policies(dir), names(9))
  t.equal((await run(['verify', dir])).code, 0)
})

t.test('segments turn by size and by age, closed ones are compressed and indexed', async t => {
  const dir = t.testdir()
  let now = at
  const { segments } = await open(dir, { maxBytes: 2000, now: () => now })
  for (let i = 0; i < 30; i++) segments.line(record(i))
  await segments.flush()
  const bySize = readdirSync(dir).filter(name => name.endsWith('.zst')).length
  t.ok(bySize >= 2, 'by size')
  now += 3_600_000
  segments.line(record(30))
  await segments.flush()
  t.ok(readdirSync(dir).filter(name => name.endsWith('.zst')).length > bySize, 'by age')
  await segments.finish()
  const all = readdirSync(dir)
  t.notOk(
    all.some(name => name.endsWith('.jsonl')),
    'nothing is left open',
  )
  t.equal(all.filter(name => name.endsWith('.index')).length, all.length / 2)
  t.same(await policies(dir), names(31))
  t.equal((await run(['verify', dir])).code, 0)
})

t.test('a crash at every byte of the last lines loses no whole line, and says what it took off', async t => {
  const source = t.testdir({ whole: {}, torn: {} })
  const { segments } = await open(join(source, 'whole'))
  for (let i = 0; i < 3; i++) segments.line(record(i))
  await segments.flush()
  const name = 'records.v1.000000000001.jsonl'
  const bytes = readFileSync(join(source, 'whole', name))
  await segments.close()
  const dir = join(source, 'torn')
  const firstEnd = bytes.indexOf(10) + 1
  const lastStart = bytes.lastIndexOf(10, bytes.length - 2) - 1
  const stride = isDeep ? 1 : 7
  for (let cut = 0; cut <= bytes.length; cut++) {
    // The lines between are like the last.
    if (cut > firstEnd && cut < lastStart) continue
    const isAtEnd = [0, firstEnd, bytes.length].some(end => Math.abs(cut - end) < 3)
    if (cut % stride !== 0 && !isAtEnd) continue
    for (const file of readdirSync(dir)) await nodeFs.unlink(join(dir, file))
    writeFileSync(join(dir, name), bytes.subarray(0, cut))
    const whole = bytes.subarray(0, cut).toString().split('\n').length - 1
    const isTorn = whole === 0 ? cut > 0 : bytes[cut - 1] !== 10
    const { segments: again, said } = await open(dir)
    again.line(record(9))
    await again.close()
    const wanted = [...names(Math.max(0, whole - 1)), 'data/p9']
    if (said.length !== (isTorn ? 1 : 0)) t.fail(`cut at ${cut}: ${said.join()}`)
    const text = readFileSync(join(dir, name), 'utf8')
    const found = text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
    const kept = found.filter(({ event }) => event === 'policy.changed').map(({ policy }) => policy)
    if (kept.join() !== wanted.join()) t.fail(`cut at ${cut}: ${kept.join()}`)
    if (found.filter(({ event }) => event === 'evidence.gap').length !== said.length)
      t.fail(`no gap at ${cut}`)
    const verified = await run(['verify', dir])
    if (verified.code !== 0) t.fail(`cut at ${cut}: ${verified.stdout}`)
  }
})

t.test('NUL bytes that a power cut left are taken off like a torn line', async t => {
  const dir = t.testdir()
  const { segments } = await open(dir)
  segments.line(record(0))
  await segments.close()
  const path = join(dir, 'records.v1.000000000001.jsonl')
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(50), Buffer.from('\n')]))
  const { segments: again, said } = await open(dir)
  await again.close()
  t.match(said.join(), /the last 51 bytes were not whole/)
  t.equal((await run(['verify', dir])).code, 0)
})

t.test('a crash between compressing and removing leaves each record once', async t => {
  const dir = t.testdir()
  const { segments } = await open(dir)
  for (let i = 0; i < 3; i++) segments.line(record(i))
  await segments.close()
  const raw = join(dir, 'records.v1.000000000001.jsonl')
  const bytes = readFileSync(raw)
  const { segments: again } = await open(dir)
  await again.finish()
  writeFileSync(raw, bytes)
  writeFileSync(join(dir, 'records.v1.000000000001.jsonl.zst.part'), 'half')
  t.same(await policies(dir), names(3))
  await (await open(dir)).segments.close()
  t.same(readdirSync(dir), ['records.v1.000000000001.index', 'records.v1.000000000001.jsonl.zst'])
})

/** A file system whose writes fail while `broken` says how; half of a batch may have been written then. */
function faulty(state: { broken: string | undefined; truncates: boolean }): SegmentFs {
  const fail = () => {
    throw Object.assign(new Error(`${state.broken}: the disk says no`), { code: state.broken })
  }
  const wrap = (file: SegmentFile): SegmentFile => ({
    read: (...args) => file.read(...args),
    stat: () => file.stat(),
    sync: async () => (state.broken ? fail() : file.sync()),
    close: () => file.close(),
    truncate: async size => (state.truncates ? file.truncate(size) : fail()),
    async write(bytes, offset, length, position) {
      if (state.broken === undefined) return file.write(bytes, offset, length, position)
      await file.write(bytes, offset, Math.floor(length / 2), position)
      return fail()
    },
  })
  return {
    ...(nodeFs as SegmentFs),
    open: async (...args) => wrap(await (nodeFs as SegmentFs).open(...args)),
  }
}

for (const broken of ['ENOSPC', 'EIO'])
  for (const truncates of [true, false])
    t.test(
      `${broken} is survived${truncates ? '' : ', also where a torn batch cannot be taken off'}`,
      async t => {
        const dir = t.testdir()
        const state: { broken: string | undefined; truncates: boolean } = {
          broken: undefined,
          truncates: true,
        }
        let discarded = 0
        const { segments, said } = await open(dir, {
          fs: faulty(state),
          heldBytes: 600,
          onDiscarded: records => {
            discarded += records
          },
        })
        segments.line(record(0))
        await segments.flush()
        state.broken = broken
        state.truncates = truncates
        for (let i = 1; i < 12; i++) segments.line(record(i))
        for (let i = 0; i < 3; i++) await segments.flush()
        t.match(segments.problem?.message, broken)
        t.equal(said.length, 1, 'said once, not at every try')
        state.broken = undefined
        state.truncates = true
        await segments.flush()
        t.equal(segments.problem, undefined)
        segments.line(record(12))
        await segments.finish()
        const kept = await policies(dir)
        t.ok(discarded > 0 && kept.length > 2)
        t.equal(kept.length, 13 - discarded, 'what was held is written, what was not is counted')
        t.same(kept.slice(0, 2), names(2))
        t.equal(kept.at(-1), 'data/p12')
        const [gap] = (await gaps(dir)).filter(({ cause }) => cause.startsWith('discarded'))
        t.match(gap, { lost: discarded, cause: broken })
        t.equal((await run(['verify', dir])).code, 0)
      },
    )

t.test(
  'the oldest segments go when the budget is spent; a gap says which, and the chain still holds',
  async t => {
    const dir = t.testdir()
    const { segments, said } = await open(dir, { maxBytes: 1500, budgetBytes: 6000 })
    for (let i = 0; i < 80; i++) segments.line(record(i))
    await segments.finish()
    const size = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
    t.ok(size < 6000 + 1500, `${size} bytes`)
    const kept = await policies(dir)
    t.ok(kept.length > 0 && kept.length < 80)
    t.same(kept, names(80).slice(80 - kept.length), 'the newest are here')
    t.match(said[0], /"records.v1.000000000001.jsonl.zst": removed, lines 1 to \d+ of the chain/)
    const verified = await run(['verify', dir])
    t.equal(verified.code, 0, verified.stdout)
    const oldest = readdirSync(dir).find(name => name.endsWith('.zst'))!
    await nodeFs.unlink(join(dir, oldest))
    t.match((await run(['verify', dir])).stdout, /are not here, and no record says that they were removed/)
  },
)

t.test('a segment of a version that is not known is left untouched, and said', async t => {
  const dir = t.testdir({ 'records.v2.000000000001.blob': 'from the future' })
  const { segments, said } = await open(dir)
  segments.line(record(0))
  await segments.finish()
  t.match(
    said.join(),
    /"records.v2.000000000001.blob" is of version 2, which is not known here: left untouched/,
  )
  t.equal(readFileSync(join(dir, 'records.v2.000000000001.blob'), 'utf8'), 'from the future')
  const { stderr } = await run(['query', '--records', dir])
  t.match(stderr, /"records.v2.000000000001.blob" is of a version that is not known here: it was not read/)
})

t.test('verify names the segment and the line that was changed, taken out, or put in', async t => {
  const edits: [string, (lines: string[]) => void, RegExp][] = [
    [
      'changed',
      lines => lines.splice(2, 1, lines[2]!.replace('data/p1', 'data/p7')),
      /jsonl:3: line 3 .* was changed/,
    ],
    ['taken out', lines => lines.splice(2, 1), /jsonl:3: line 4 .* follows line 2: 1 line missing/],
    ['put in', lines => lines.splice(2, 0, record(8)), /jsonl:3: the line has no chain/],
    ['swapped', lines => lines.splice(2, 2, lines[3]!, lines[2]!), /jsonl:3: .* 1 line missing/],
  ]
  for (const [what, edit, wanted] of edits) {
    const dir = t.testdir()
    const { segments } = await open(dir)
    for (let i = 0; i < 5; i++) segments.line(record(i))
    await segments.close()
    const path = join(dir, 'records.v1.000000000001.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    edit(lines)
    writeFileSync(path, lines.join('\n'))
    const { code, stdout } = await run(['verify', dir])
    t.equal(code, 1, what)
    t.match(stdout, wanted, what)
  }
})

t.test('a chain that was written anew does not hold the witness', async t => {
  const dir = t.testdir({ a: {}, b: {} })
  const ends: string[] = []
  for (const [name, first] of [
    ['a', 0],
    ['b', 1],
  ] as const) {
    const { segments } = await open(join(dir, name))
    for (let i = first; i < 5; i++) segments.line(record(i))
    await segments.finish()
    const { stderr } = await run(['verify', join(dir, name)])
    ends.push(/its end is (\S+?)\. /.exec(stderr)![1]!)
  }
  t.equal((await run(['verify', join(dir, 'a'), '--witness', ends[0]!])).code, 0)
  t.match(await run(['verify', join(dir, 'b'), '--witness', ends[0]!]), {
    code: 1,
    stdout: /does not hold the witness/,
  })
  t.match(await run(['verify', dir, '--witness', '7']), { code: 2, stderr: /SEQ:HASH/ })
})

t.test('an index that was changed to hide records is named', async t => {
  const dir = t.testdir()
  const { segments } = await open(dir)
  for (let i = 0; i < 5; i++) segments.line(record(i))
  await segments.finish()
  const path = join(dir, 'records.v1.000000000001.index')
  const index = readFileSync(path, 'utf8')
  for (const [said, hidden] of [
    ['"p:data/p3"', '"p:data/p8"'],
    [/"to":\d+/g, '"to":1'],
    [/"filter":"[^"]*"/, '"filter":"AAAAAAAAAAA="'],
  ] as const) {
    t.equal((await run(['verify', dir])).code, 0)
    writeFileSync(path, index.replace(said, hidden))
    t.match(await run(['verify', dir]), { code: 1, stdout: /its index hides lines that are in it/ })
    writeFileSync(path, index)
  }
})

t.test('a damaged closed segment is named', async t => {
  const dir = t.testdir()
  const { segments } = await open(dir)
  for (let i = 0; i < 5; i++) segments.line(record(i))
  await segments.finish()
  const path = join(dir, 'records.v1.000000000001.jsonl.zst')
  const bytes = readFileSync(path)
  t.match(zstdDecompressSync(bytes).toString(), /chain.checkpoint/)
  bytes[40]! ^= 0xff
  writeFileSync(path, bytes)
  t.match(await run(['verify', dir]), { code: 1, stdout: /records.v1.000000000001.jsonl.zst: after line 0/ })
})

t.test('a directory that is removed under it is made again, and a gap says what is gone', async t => {
  const dir = join(t.testdir(), 'records')
  const problems: (string | undefined)[] = []
  const { segments } = await open(dir, { onProblem: text => problems.push(text) })
  for (let i = 0; i < 3; i++) segments.line(record(i))
  await segments.flush()
  rmSync(dir, { recursive: true })
  segments.line(record(3))
  await segments.flush()
  await segments.flush()
  segments.line(record(4))
  await segments.close()
  t.same(await policies(dir), ['data/p3', 'data/p4'])
  t.match(await gaps(dir), [{ cause: /^the last 4 lines of the chain are gone: somebody removed/, lost: 4 }])
  t.match(problems, [/somebody removed it/, undefined])
  t.equal((await run(['verify', dir])).code, 0)
})
