import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { type Disk, realDisk } from '../../agent/source/disk.ts'
import { createFollower, type FollowOptions } from '../../agent/source/follow.ts'
import { createGather } from './follow-gather.ts'

/** A log in a temporary folder and its follower; `lines` polls and gives what is new. */
function setUp(t: Test, options: Partial<FollowOptions> = {}, pattern = 'app.log') {
  const folder = t.testdir()
  const at = (name: string): string => join(folder, name)
  const gather = createGather()
  let taken = 0
  let nowMs = Date.now()
  const start = (from?: unknown) =>
    createFollower({
      disk: realDisk,
      patterns: [at(pattern)],
      consumer: gather,
      ...options,
      ...(from !== undefined && { from }),
    })
  let follower = start(options.from)
  t.teardown(() => follower.close())
  return {
    at,
    gather,
    log: at('app.log'),
    write: (name: string, text: string) => appendFileSync(at(name), text),
    snapshot: () => JSON.parse(JSON.stringify(follower.snapshot())),
    paths: () => follower.paths(),
    pass: (ms: number) => {
      nowMs += ms
    },
    lines(): string[] {
      follower.poll(nowMs)
      const fresh = gather.got.lines.slice(taken)
      taken = gather.got.lines.length
      return fresh
    },
    gaps: () => gather.got.gaps.map(({ kind, bytes, repeated }) => ({ kind, bytes, repeated })),
    restart(from: unknown) {
      follower.close()
      gather.restart()
      follower = start(from)
    },
  }
}

t.test('lines come as they are written, half ones when they are whole', async t => {
  const { write, lines, gaps } = setUp(t)
  t.strictSame(lines(), [], 'no file yet')
  write('app.log', 'a\nb')
  t.strictSame(lines(), ['a'])
  t.strictSame(lines(), [])
  write('app.log', 'c\n\n')
  t.strictSame(lines(), ['bc', ''])
  t.strictSame(gaps(), [])
})

t.test('a renamed file is read on while its writer has it open, and the new one after it', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  const writer = openSync(log, 'a')
  writeSync(writer, 'a\n')
  t.strictSame(lines(), ['a'])
  writeSync(writer, 'b\n')
  renameSync(log, at('app.log.1'))
  writeSync(writer, 'c\n')
  t.strictSame(lines(), ['b', 'c'], 'no new file yet')
  write('app.log', 'new 1\n')
  writeSync(writer, 'd\n')
  t.strictSame(lines(), ['d', 'new 1'])
  writeSync(writer, 'e\n')
  unlinkSync(at('app.log.1'))
  t.strictSame(lines(), ['e'])
  closeSync(writer)
  t.strictSame(gaps(), [])
})

t.test('two rotations between two looks lose nothing', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\n')
  lines()
  write('app.log', 'b\n')
  renameSync(log, at('app.log.1'))
  write('app.log', 'c\n')
  renameSync(at('app.log.1'), at('app.log.2'))
  renameSync(log, at('app.log.1'))
  write('app.log', 'd\n')
  t.strictSame(lines(), ['b', 'c', 'd'])
  t.strictSame(gaps(), [])
})

t.test('rotation to names with a time, compressed at once', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\n')
  lines()
  renameSync(log, at('app-2026-01-02T03-04-05.001.log'))
  write('app.log', 'b\n')
  writeFileSync(at('app-2026-01-02T03-04-05.001.log.gz'), gzipSync('a\n'))
  unlinkSync(at('app-2026-01-02T03-04-05.001.log'))
  writeFileSync(at('app-2026-01-02T03-04-06.001.log.gz'), gzipSync('b\nc\n'))
  unlinkSync(log)
  write('app.log', 'd\n')
  t.strictSame(lines(), ['b', 'c', 'd'], 'the one never seen is read whole')
  t.strictSame(gaps(), [])
})

t.test('a half written compressed file is waited for, and given up after the grace', async t => {
  const { at, write, lines, gaps, pass } = setUp(t)
  write('app.log', 'a\n')
  lines()
  const whole = gzipSync('x\ny\n')
  writeFileSync(at('app.log.1.gz'), whole.subarray(0, 15))
  t.strictSame(lines(), [])
  writeFileSync(at('app.log.1.gz'), whole)
  t.strictSame(lines(), ['x', 'y'])
  writeFileSync(at('app.log.2.gz'), whole.subarray(0, 15))
  lines()
  t.strictSame(gaps(), [])
  pass(100_000)
  lines()
  lines()
  t.match(gaps(), [{ kind: 'damaged' }])
})

t.test('copied and truncated: the rest is read from the copy, and the race is said', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\nb\n')
  lines()
  write('app.log', 'c\n')
  copyFileSync(log, at('app.log.1'))
  truncateSync(log)
  write('app.log', 'd\nmuch longer than before\n')
  t.strictSame(lines(), ['c', 'd', 'much longer than before'])
  t.match(gaps(), [{ kind: 'copied' }])
})

t.test('a copy that is seen before the file is emptied is not read twice', async t => {
  const { at, log, write, lines } = setUp(t)
  write('app.log', 'a\n')
  lines()
  copyFileSync(log, at('app.log.1'))
  write('app.log', 'b\n')
  t.strictSame(lines(), ['b'])
  truncateSync(log)
  write('app.log', 'c\n')
  t.strictSame(lines(), ['c'])
})

t.test('truncated without a copy: what had been seen and not read is counted', async t => {
  const { log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\nhalf')
  lines()
  truncateSync(log)
  write('app.log', 'a\nbb\n')
  t.strictSame(lines(), ['a', 'bb'], 'grown again past where reading stood')
  t.strictSame(lines(), [], 'a second look')
  t.match(gaps(), [{ kind: 'truncated', bytes: 4 }])
})

t.test('a file cut to a part of itself is read again, and it is said', async t => {
  const { log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\nb\nc\n')
  lines()
  truncateSync(log, 4)
  t.strictSame(lines(), ['a', 'b'])
  t.strictSame(lines(), [], 'a second look')
  t.match(gaps(), [{ kind: 'truncated', bytes: 0, repeated: 4 }])
})

t.test(
  'a writer that goes on at its old place after a truncation leaves a hole, which is skipped',
  async t => {
    const { log, lines } = setUp(t)
    const writer = openSync(log, 'w')
    writeSync(writer, 'a\n'.repeat(500_000))
    t.equal(lines().length, 500_000)
    truncateSync(log)
    writeSync(writer, 'b\n')
    closeSync(writer)
    t.strictSame(lines(), ['b'])
  },
)

t.test('removed and made again, with the same inode number or another', async t => {
  const { log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\n')
  lines()
  unlinkSync(log)
  write('app.log', 'a\n')
  t.strictSame(lines(), ['a'], 'the same content is not the same file')
  t.match(gaps(), [{ kind: 'rotated away', bytes: undefined }])
})

t.test('renamed and named back is the same file', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  write('app.log', 'a\n')
  lines()
  renameSync(log, at('app.log.20260102-030405'))
  t.strictSame(lines(), [])
  write('app.log.20260102-030405', 'b\n')
  renameSync(at('app.log.20260102-030405'), log)
  write('app.log', 'c\n')
  t.strictSame(lines(), ['b', 'c'])
  t.strictSame(gaps(), [])
})

t.test('every moment of a busy life can be restarted from', async t => {
  const texts = Array.from({ length: 12 }, (_, i) => `line ${i}\n`)
  const steps = (at: (name: string) => string, write: (name: string, text: string) => void) =>
    texts.map((text, i) => () => {
      write('app.log', text)
      if (i % 4 === 1) {
        renameSync(at('app.log'), at(`app.log.202601020${i.toString().padStart(2, '0')}`))
        write('app.log', '')
      }
      if (i % 4 === 3) {
        copyFileSync(at('app.log'), at(`app.log.202601020${i.toString().padStart(2, '0')}`))
        truncateSync(at('app.log'))
      }
    })
  for (let taken = 0; taken < 12; taken++)
    for (let crash = taken; crash < 12; crash++)
      await t.test(`taken at ${taken}, restarted at ${crash}`, async t => {
        const { at, write, lines, snapshot, restart, gather } = setUp(t)
        let kept = { position: snapshot(), lines: [] as string[] }
        for (const [i, step] of steps(at, write).entries()) {
          step()
          lines()
          if (i === taken) kept = { position: snapshot(), lines: [...gather.got.lines] }
          if (i !== crash) continue
          gather.got.lines.splice(0, Number.POSITIVE_INFINITY, ...kept.lines)
          restart(kept.position)
        }
        lines()
        t.strictSame(gather.got.lines.toSorted(), texts.map(text => text.trim()).toSorted())
      })
})

t.test('a file that is gone after a restart is said, with what had been seen of it', async t => {
  const { log, write, lines, gaps, snapshot, restart } = setUp(t)
  write('app.log', 'a\nhal')
  lines()
  const kept = snapshot()
  unlinkSync(log)
  write('app.log', 'other\n')
  restart(kept)
  t.strictSame(lines(), ['other'])
  t.strictSame(lines(), [], 'a second look')
  t.match(gaps(), [{ bytes: 3 }])
  t.throws(() => restart({ version: 2, names: [] }), 'a version of the future is refused')
})

t.test('a file that waits to be read is looked at by a few bytes, and all that it held is said', async t => {
  const asked: number[] = []
  const disk: Disk = {
    ...realDisk,
    open(path) {
      const file = realDisk.open(path)
      return (
        file && {
          ...file,
          read(buffer, offset) {
            asked.push(buffer.length)
            return file.read(buffer, offset)
          },
        }
      )
    },
  }
  const { log, gather, write, lines, gaps, pass } = setUp(t, { disk })
  write('app.log', 'a\n')
  t.same(lines(), ['a'])
  gather.isPaused = true
  write('app.log', `${'x'.repeat(99)}\n`.repeat(5000))
  asked.length = 0
  t.same(lines(), [])
  t.ok(asked.length > 0 && Math.max(...asked) <= 256, `${asked}`)
  truncateSync(log, 0)
  t.same(lines(), [])
  pass(120_000)
  t.same(lines(), [])
  t.same(gaps(), [{ kind: 'truncated', bytes: 500_000, repeated: undefined }])
})

t.test('a consumer that has enough is left alone, and gets all when it is ready', async t => {
  const { at, log, write, lines, gather, gaps, pass } = setUp(t)
  write('app.log', 'a\n')
  gather.isPaused = true
  t.strictSame(lines(), [])
  write('app.log', 'b\n')
  renameSync(log, at('app.log.1'))
  write('app.log', 'c\n')
  pass(1e9)
  t.strictSame(lines(), [])
  unlinkSync(at('app.log.1'))
  pass(1e9)
  t.strictSame(lines(), [], 'what is held open is not lost, however long it takes')
  gather.isPaused = false
  t.strictSame(lines(), ['a', 'b', 'c'])
  t.strictSame(gaps(), [])
})

t.test('a rotated file is closed after the grace, and its half line handed on', async t => {
  const { at, log, write, lines, gather, pass } = setUp(t)
  write('app.log', 'a\nhalf')
  lines()
  renameSync(log, at('app.log.1'))
  write('app.log', 'b\n')
  t.strictSame(lines(), ['b'])
  t.strictSame(gather.ended, [])
  pass(100_000)
  t.strictSame(lines(), ['half'])
  t.strictSame(gather.ended, [1])
  write('app.log.1', ' and late\n')
  pass(100_000)
  renameSync(at('app.log.1'), at('app.log.2'))
  t.strictSame(lines(), [' and late'], 'what is written after that is found at the next rotation')
})

t.test('where to begin without a snapshot', async t => {
  for (const [begin, expected] of [
    ['rotated', ['old', 'a']],
    ['file', ['a']],
    ['end', []],
  ] as const) {
    const { write, lines } = setUp(t, { begin })
    write('app.log.1', 'old\n')
    write('app.log', 'a\nhalf')
    t.strictSame(lines(), expected, begin)
    write('app.log', ' b\n')
    t.strictSame(lines(), ['half b'])
  }
  const { write, lines } = setUp(t, { begin: 'end' }, '*.log')
  lines()
  write('late.log', 'x\n')
  t.strictSame(lines(), ['x'], 'a file that appears later is read from its beginning')
})

t.test('patterns: rotated names, links and moves are one file each', async t => {
  const { at, write, lines, paths, gaps } = setUp(t, {}, '*/*.log*')
  mkdirSync(at('one'))
  mkdirSync(at('two'))
  write('one/a.log', 'a\n')
  write('one/a.log.1', 'old\n')
  symlinkSync(at('one/a.log'), at('two/link.log'))
  t.strictSame(lines(), ['a'])
  t.strictSame(paths(), [at('one/a.log'), at('two/link.log')])
  write('one/a.log', 'b\n')
  t.strictSame(lines(), ['b'])
  renameSync(at('one/a.log'), at('one/moved.log'))
  write('one/moved.log', 'c\n')
  t.strictSame(lines(), ['c'])
  t.strictSame(gaps(), [])
})

t.test('a link that is switched: the old target is read to its end', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  mkdirSync(at('pods'))
  write('pods/0.log', 'a\n')
  symlinkSync(at('pods/0.log'), log)
  t.strictSame(lines(), ['a'])
  write('pods/0.log', 'b\n')
  renameSync(at('pods/0.log'), at('pods/0.log.20260102-030405'))
  write('pods/0.log', 'c\n')
  t.strictSame(lines(), ['b', 'c'], 'rotated behind the link')
  write('pods/0.log', 'd\n')
  write('pods/1.log', 'e\n')
  unlinkSync(log)
  symlinkSync(at('pods/1.log'), log)
  t.strictSame(lines(), ['d', 'e'])
  t.strictSame(gaps(), [])
})

t.test('a line longer than the read buffer stays one line', async t => {
  const { write, lines, snapshot, restart } = setUp(t)
  const long = 'x'.repeat(600_000)
  write('app.log', long)
  t.strictSame(lines(), [])
  const kept = snapshot()
  write('app.log', '\nb\n')
  t.strictSame(lines(), [long, 'b'])
  restart(kept)
  t.strictSame(lines(), [long, 'b'], 'a checkpoint inside it begins it again')
})

t.test('a thousand rotations leave few files open, and lose nothing that a look could see', async t => {
  const open = () => readdirSync('/proc/self/fd').length
  const { at, log, write, lines, gaps } = setUp(t, { maxHeld: 4 })
  const before = open()
  const got: string[] = []
  for (let i = 0; i < 1000; i++) {
    write('app.log', `${i}\n`)
    got.push(...lines())
    renameSync(log, at('app.log.1'))
  }
  t.ok(open() - before <= 6, 'the newest, four older ones, and the one of the directory that is listed')
  t.strictSame(
    got,
    Array.from({ length: 1000 }, (_, i) => `${i}`),
  )
  t.strictSame(gaps(), [])
})

t.test('a name that cannot be read is said once, and when it can be', async t => {
  const { log, write, lines, gaps, gather } = setUp(t)
  mkdirSync(log)
  t.strictSame([...lines(), ...lines()], [])
  t.strictSame(gather.troubles, [`${log} it is not a regular file`])
  rmdirSync(log)
  write('app.log', 'a\n')
  t.strictSame(lines(), ['a'])
  t.strictSame(gather.troubles.slice(1), [log])
  t.strictSame(gaps(), [])
})

t.test('what keeps a file from being read is said in plain words, and the others are read', async t => {
  const refused = (code: string) => Object.assign(new Error(code), { code })
  let refuses = true
  const disk: Disk = {
    ...realDisk,
    open(path) {
      if (refuses && path.endsWith('a.log')) throw refused('EACCES')
      return realDisk.open(path)
    },
    list(directory) {
      if (refuses && directory.endsWith('closed')) throw refused('EACCES')
      return realDisk.list(directory)
    },
  }
  const { at, write, lines, gather, gaps } = setUp(t, { disk }, '*/*.log')
  mkdirSync(at('closed'))
  mkdirSync(at('one'))
  write('one/a.log', 'a\n')
  t.strictSame(lines(), [], 'a pattern is looked up whole')
  t.strictSame(gather.troubles.length, 1)
  rmdirSync(at('closed'))
  write('one/b.log', 'b\n')
  t.strictSame(lines(), ['b'])
  t.strictSame(gather.troubles.slice(1), [at('*/*.log'), `${at('one/a.log')} permission denied`])
  refuses = false
  t.strictSame(lines(), ['a'])
  t.strictSame(gather.troubles.slice(3), [at('one/a.log')])
  t.strictSame(gaps(), [])
})

t.test('a hundred rotated files that were there at the start stay unread', async t => {
  const { at, log, write, lines, gaps } = setUp(t)
  for (let n = 1; n <= 100; n++) write(`app.log.${n}`, `old ${n}\n`)
  write('app.log', 'a\n')
  t.strictSame(lines(), ['a'])
  renameSync(log, at('app.log.0'))
  write('app.log', 'b\n')
  t.strictSame([...lines(), ...lines()], ['b'])
  t.strictSame(gaps(), [])
})

t.test('a copy that lacks the end of what was seen is read to its end, and the rest is counted', async t => {
  const { at, log, write, lines, gaps, gather } = setUp(t)
  write('app.log', 'a\n')
  lines()
  gather.isPaused = true
  write('app.log', 'b\n')
  copyFileSync(log, at('app.log.1'))
  write('app.log', 'late\n')
  lines()
  truncateSync(log)
  gather.isPaused = false
  t.strictSame([...lines(), ...lines(), ...lines()], ['b'])
  t.match(gaps(), [{ kind: 'copied', bytes: 5 }])
})
