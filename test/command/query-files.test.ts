// Files that an agent compresses or removes while somebody reads the directory.

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { createSearch } from '../../agent/command/query-search.ts'
import { listRecords } from '../../agent/command/record-files.ts'
import type { Wanted } from '../../agent/forensics/query-filter.ts'
import { rest, shopLines } from './query-shop.ts'

const lines = await shopLines()
const everything = {
  wanted: {},
  since: Number.NEGATIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
  groupBy: undefined,
}

async function search(dir: string, meanwhile: () => void, wanted: Wanted = {}) {
  let found = 0
  const records = listRecords(dir, '--records')
  const search = createSearch({
    asked: { ...everything, wanted },
    signal: new AbortController().signal,
    onFound: () => found++,
    onProgress: async () => {},
  })
  meanwhile()
  await search.run(records)
  return { found, notes: search.notes(), files: records.files }
}

t.test('a segment that is compressed after it was listed is read where it is then', async t => {
  const dir = t.testdir({ 'records.v1.000000000001.jsonl': `${lines.join('\n')}\n` })
  const path = join(dir, 'records.v1.000000000001.jsonl')
  const { found, notes } = await search(dir, () => {
    writeFileSync(`${path}.zst`, zstdCompressSync(`${lines.join('\n')}\n`))
    rmSync(path)
  })
  t.equal(found, lines.length)
  t.notOk(notes.some(note => note.includes('removed')))
})

t.test('segments that are removed after they were listed are told, the others are read', async t => {
  const dir = join(t.testdir({}), 'records')
  await rest(dir, lines)
  const { found, notes, files } = await search(dir, () => {
    const [oldest] = listRecords(dir, '--records').files
    t.ok(oldest!.index !== undefined, 'it is a closed one')
    renameSync(oldest!.path, join(dir, 'gone'))
  })
  t.ok(found > 0 && found < lines.length)
  t.ok(notes.includes(`"${files[0]!.name}" was removed while it was read: the rest of it is not counted`))
})

t.test('a segment that is removed with its index is told too where the index was to be asked', async t => {
  const dir = join(t.testdir({}), 'records')
  await rest(dir, lines)
  const remove = () => {
    const [oldest] = listRecords(dir, '--records').files
    rmSync(oldest!.path)
    rmSync(oldest!.path.replace('.jsonl.zst', '.index'))
  }
  const { found, notes } = await search(dir, remove, { event: ['flow.denied'] })
  t.ok(found > 0)
  t.ok(notes.some(note => note.includes('was removed while it was read')))
})

t.test('records without an id are not taken for one and the same', async t => {
  const line = (cause: string) => JSON.stringify({ v: 1, event: 'evidence.gap', source: 'x', cause })
  const dir = t.testdir({ 'a.jsonl': `${line('a')}\n${line('b')}\n${line('c')}\n` })
  t.equal((await search(dir, () => {})).found, 3)
})

t.test('a gap in the time of the question is told where its segment was not even read', async t => {
  const ts = JSON.parse(lines[0]!).ts
  const gap = {
    v: 1,
    id: '01M87F97Q70000000000000000',
    ts,
    event: 'evidence.gap',
    source: 'x',
    cause: 'rotated',
  }
  const isTold = async (some: readonly string[]) => {
    const dir = join(t.testdir({}), 'records')
    await rest(dir, some)
    const { found, notes } = await search(dir, () => {}, { policy: ['no/such'] })
    t.equal(found, 0)
    return notes.some(note => note.startsWith('the evidence of this time has gaps'))
  }
  t.ok(await isTold([JSON.stringify(gap), ...lines]))
  t.notOk(await isTold(lines.filter(line => !line.includes('evidence.gap'))))
})
