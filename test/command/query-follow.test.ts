// `query --records --follow` over segments that are written, closed and begun anew while it follows them.

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openSegments } from '../../agent/sink/segments.ts'
import { noon, rest, shopLines, start, until } from './query-shop.ts'

const lines = await shopLines()
const isFlow = (line: string) => line.includes('"event":"flow.')
const idOf = (line: string): string => JSON.parse(line).id

t.test('nothing is lost and nothing told twice over many rotations', async t => {
  const dir = join(t.testdir({}), 'records')
  const before = lines.length >> 2
  await rest(dir, lines.slice(0, before))
  const following = start(['query', '--records', dir, '--follow', '--output', 'json', '--event', 'flow.*'])
  const segments = await openSegments({ dir, maxBytes: 4000, now: noon, say: () => {} })
  for (const [i, line] of lines.slice(before).entries()) {
    segments.line(line)
    await segments.flush()
    // Sometimes it can follow, sometimes several segments come between two looks.
    if (i % 5 === 0) await sleep(30)
  }
  const wanted = lines.filter(isFlow).map(idOf)
  await until(() => following.lines().length >= wanted.length)
  await segments.finish()
  following.interrupt()
  t.equal(await following.ended, 0)
  t.same(following.lines().map(idOf).sort(), wanted.sort())
})

t.test('repeats are told whose first record lies before --since', async t => {
  const dir = join(t.testdir({}), 'records')
  const repeat = lines.findLast(line => line.includes('"of":"'))!
  const first = lines.find(line => idOf(line) === JSON.parse(repeat).of)!
  await rest(
    dir,
    lines.filter(line => line !== repeat),
  )
  const since = JSON.parse(repeat).last
  t.ok(JSON.parse(first).ts < since)
  const following = start([
    'query',
    '--records',
    dir,
    '--follow',
    '--since',
    since,
    '--output',
    'csv',
    '--from',
    endOf(first),
  ])
  const segments = await openSegments({ dir, now: noon, say: () => {} })
  segments.line(repeat)
  await segments.close()
  await until(() => following.lines().some(line => line.includes('more until')))
  following.interrupt()
  t.equal(await following.ended, 0)
})

function endOf(line: string): string {
  const { ns, pod, ip } = JSON.parse(line).src
  return pod === undefined ? ip : `${ns}/${pod}`
}

t.test('a directory without records yet is waited for, and a table has all its columns', async t => {
  const dir = join(t.testdir({}), 'records')
  mkdirSync(dir)
  const following = start(['query', '--records', dir, '--follow', '--output', 'table'])
  await until(() => following.lines().length >= 1)
  t.match(following.lines()[0], /^TIME +EVENT +FROM +TO +PORT +PROTO +DIR +N +POLICIES +TEXT$/)
  await rest(dir, lines)
  await until(() => following.lines().length >= lines.length + 1)
  following.interrupt()
  t.equal(await following.ended, 0)
})

t.test('a file of JSON lines is followed too, to the byte', async t => {
  const file = join(t.testdir({}), 'records.jsonl')
  // Without ids, only the position tells what was told before.
  const line = (cause: string) => `${JSON.stringify({ v: 1, event: 'evidence.gap', source: 'x', cause })}\n`
  writeFileSync(file, line('first, with an ü'))
  const following = start(['query', '--records', file, '--follow', '--output', 'json'])
  await until(() => following.lines().length >= 1)
  const [begin, end] = [
    Buffer.from(line('second, cut in its ü')).subarray(0, -6),
    Buffer.from(line('second, cut in its ü')).subarray(-6),
  ]
  appendFileSync(file, begin)
  await sleep(400)
  appendFileSync(file, end)
  await until(() => following.lines().length >= 2)
  following.interrupt()
  t.equal(await following.ended, 0)
  t.same(
    following.lines().map(each => JSON.parse(each).cause),
    ['first, with an ü', 'second, cut in its ü'],
  )
})
