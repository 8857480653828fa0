import {
  appendFileSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { fingerprint } from '../../agent/forensics/id.ts'
import { type Disk, realDisk } from '../../agent/source/disk.ts'
import { type FollowedFilesOptions, openFollowedFiles } from '../../agent/source/followed-files.ts'
import type { Receiver } from '../../agent/source/receiver.ts'

/** A receiver that keeps what it is told, and a source that looks again in each turn. */
function setUp(t: Test, pattern: string, options: Partial<FollowedFilesOptions> = {}) {
  const folder = t.testdir()
  const at = (name: string): string => join(folder, name)
  const got = {
    isFull: false,
    lines: [] as string[],
    /** `line stream offset` of each. */
    places: [] as string[],
    files: new Set<string | undefined>(),
    gaps: [] as string[],
    troubles: [] as (string | undefined)[],
    ended: 0,
  }
  const receiver: Receiver = {
    open({ stream, file }) {
      got.files.add(file)
      return {
        line(bytes, start, end, offset) {
          const line = Buffer.from(bytes.subarray(start, end)).toString()
          got.lines.push(line)
          got.places.push(`${line.slice(0, 20)} ${stream} ${offset}`)
        },
        gap: gap => got.gaps.push(gap.cause.replaceAll(folder, '')),
        end: () => got.ended++,
      }
    },
    gap: gap => got.gaps.push(gap.cause.replaceAll(folder, '')),
    get isFull() {
      return got.isFull
    },
    trouble: text => got.troubles.push(text?.replaceAll(folder, '')),
  }
  let nowMs = Date.now()
  const clock = {
    nowMs: () => nowMs,
    sleep: async () => {
      await turn()
    },
  }
  const open = (from?: unknown) =>
    openFollowedFiles({
      format: 'netfilter-log',
      patterns: [at(pattern)],
      receiver,
      identify: fingerprint,
      from,
      clock,
      watch: () => ({ close() {} }),
      ...options,
    })
  return {
    at,
    got,
    open,
    write: (name: string, text: string) => appendFileSync(at(name), text),
    pass(ms: number) {
      nowMs += ms
    },
    /** Several looks, and the lines that came in them. */
    async lines(): Promise<string[]> {
      const taken = got.lines.length
      for (let n = 0; n < 30; n++) await turn()
      return got.lines.slice(taken)
    },
  }
}

const kept = (position: unknown): unknown => JSON.parse(JSON.stringify(position))

t.test('lines of one file, through a rotation and a restart, each once and with one origin', async t => {
  const { at, got, open, write, lines } = setUp(t, 'kern.log')
  let source = open()
  t.equal(source.format, 'netfilter-log')
  t.strictSame(got.files.size, 0, 'nothing is handed on before the next turn')
  write('kern.log', 'a\nb\nhalf')
  t.strictSame(await lines(), ['a', 'b'])
  renameSync(at('kern.log'), at('kern.log.1'))
  write('kern.log.1', ' whole\n')
  write('kern.log', 'c\n')
  t.strictSame(await lines(), ['half whole', 'c'])
  const position = kept(source.position())
  write('kern.log', 'd\n')
  t.strictSame(await lines(), ['d'])
  await source[Symbol.asyncDispose]()
  t.not(source.position(), undefined, 'the last position stays')
  source = open(position)
  t.strictSame(await lines(), ['d'], 'what came after the position comes again')
  t.equal(got.places.at(-1), got.places.at(-2), 'from the same place')
  t.strictSame([...got.files], [at('kern.log')])
  t.strictSame([got.gaps, got.troubles], [[], []])
  await source[Symbol.asyncDispose]()
})

t.test('what was rotated and compressed during a restart is caught up with', async t => {
  const { at, got, open, write, lines } = setUp(t, 'kern.log')
  const first = open()
  write('kern.log', 'a\n')
  await lines()
  await first[Symbol.asyncDispose]()
  write('kern.log', 'b\n')
  writeFileSync(at('kern.log.2.gz'), gzipSync('a\nb\n'))
  unlinkSync(at('kern.log'))
  writeFileSync(at('kern.log.1'), 'c\n')
  write('kern.log', 'd\n')
  const second = open(kept(first.position()))
  t.strictSame(await lines(), ['b', 'c', 'd'])
  t.match(got.gaps, [/^"\/kern.log" is left as a copy only: .*; rotate by rename instead of copytruncate$/])
  await second[Symbol.asyncDispose]()
})

t.test(
  'pods and containers: links to files that appear later, and are rotated behind their links',
  async t => {
    const { at, got, open, write, lines } = setUp(t, 'containers/*.log')
    const source = open()
    t.strictSame(await lines(), [], 'no directory yet')
    mkdirSync(at('pods/one'), { recursive: true })
    mkdirSync(at('containers'))
    write('pods/one/0.log', 'a\n')
    symlinkSync(at('pods/one/0.log'), at('containers/one.log'))
    t.strictSame(await lines(), ['a'])
    renameSync(at('pods/one/0.log'), at('pods/one/0.log.20260102-030405'))
    write('pods/one/0.log.20260102-030405', 'b\n')
    write('pods/one/0.log', 'c\n')
    write('pods/two.log', 'd\n')
    symlinkSync(at('pods/two.log'), at('containers/two.log'))
    t.strictSame((await lines()).toSorted(), ['b', 'c', 'd'])
    t.strictSame(source.paths(), [at('containers/one.log'), at('containers/two.log')])
    t.strictSame(got.gaps, [])
    await source[Symbol.asyncDispose]()
  },
)

t.test('evidence that is missing is said in words that help', async t => {
  const { at, got, open, write, lines } = setUp(t, 'kern.log')
  const source = open()
  write('kern.log', 'a\nlast words')
  await lines()
  truncateSync(at('kern.log'))
  await lines()
  write('kern.log', 'b\n')
  await lines()
  unlinkSync(at('kern.log'))
  await lines()
  t.strictSame(got.gaps, [
    '"/kern.log" was emptied or cut before its last 10 bytes were read, and no copy holds the rest; rotate by rename instead of copytruncate',
    '"/kern.log" was rotated and removed between two looks; keep more rotated files',
  ])
  t.strictSame(got.lines, ['a', 'b'])
  await source[Symbol.asyncDispose]()
})

t.test('a file that cannot be read is one sentence until it can be', async t => {
  let refuses = true
  const disk: Disk = {
    ...realDisk,
    open(path) {
      if (refuses) throw Object.assign(new Error(), { code: 'EACCES' })
      return realDisk.open(path)
    },
  }
  const { got, open, write, lines } = setUp(t, '*.log', { disk })
  write('a.log', 'a\n')
  write('b.log', 'b\n')
  const source = open()
  t.strictSame(await lines(), [])
  const help = 'let the user that culprit runs as read it, for instance through its group'
  const text = `Cannot read "/a.log": permission denied; ${help}`
  t.strictSame(got.troubles, [text, `${text} (and 1 more)`])
  refuses = false
  t.strictSame(await lines(), ['a', 'b'])
  t.equal(got.troubles.at(-1), undefined)
  t.strictSame(got.gaps, [])
  await source[Symbol.asyncDispose]()
})

t.test('a receiver that is full gets nothing, and all when it is not', async t => {
  const { got, open, write, lines } = setUp(t, 'a.log')
  const source = open()
  got.isFull = true
  write('a.log', 'a\n'.repeat(3))
  t.strictSame(await lines(), [])
  got.isFull = false
  t.strictSame(await lines(), ['a', 'a', 'a'])
  await source[Symbol.asyncDispose]()
})

t.test('a line that is longer than the limit is one cut line, wherever the agent ends in it', async t => {
  const long = 'x'.repeat(700_000)
  const { got, open, write, lines } = setUp(t, 'a.log', { limits: { maxBytes: 1000 } })
  let source = open()
  write('a.log', `before\n${long}`)
  t.strictSame(await lines(), ['before'], 'its end is not known yet')
  const position = kept(source.position())
  write('a.log', `${long}\nafter\n`)
  t.strictSame(await lines(), [long.slice(0, 1000), 'after'])
  t.strictSame(source.counts(), { cut: 1, skippedBytes: 1_399_000, nulBytes: 0 })
  const places = got.places.slice(1)
  await source[Symbol.asyncDispose]()
  source = open(position)
  t.strictSame(await lines(), [long.slice(0, 1000), 'after'])
  t.strictSame(got.places.slice(3), places, 'from the same places')
  write('a.log', '\0\0\0z\n')
  t.strictSame(await lines(), ['z'])
  t.equal(source.counts().nulBytes, 3)
  await source[Symbol.asyncDispose]()
})

t.test('a position of another version is said, and reading begins anew', async t => {
  const { got, open, write, lines } = setUp(t, 'a.log')
  write('a.log', 'a\n')
  const source = open({ version: 99 })
  t.strictSame(await lines(), ['a'])
  t.match(got.gaps, [/^the place where reading "\/a.log" stood was written by another version of culprit/])
  await source[Symbol.asyncDispose]()
})

t.test('it ends with its signal, and a rotated file with its grace', async t => {
  const stop = new AbortController()
  const { at, got, open, write, lines, pass } = setUp(t, 'a.log', { signal: stop.signal })
  const source = open()
  write('a.log', 'a\nhalf')
  await lines()
  renameSync(at('a.log'), at('a.log.1'))
  write('a.log', 'b\n')
  t.strictSame(await lines(), ['b'])
  pass(100_000)
  t.strictSame(await lines(), ['half'])
  t.equal(got.ended, 1)
  stop.abort()
  await lines()
  write('a.log', 'c\n')
  t.strictSame(await lines(), [])
  await source[Symbol.asyncDispose]()
})
