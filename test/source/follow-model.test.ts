// Random lives of a log against the ten-line truth: every line once, or a gap is said at the first look after it was destroyed.

import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { createFollower } from '../../agent/source/follow.ts'
import { casesOf } from '../random-cases.ts'
import { createFakeDisk } from './follow-fake-disk.ts'
import { createGather, type Gathered } from './follow-gather.ts'

const NAME = '/log/app.log'
const KEPT = 2

type Op =
  | 'append'
  | 'half'
  | 'rotate'
  | 'rotate and keep writing'
  | 'reopen'
  | 'compress'
  | 'copytruncate'
  | 'copy'
  | 'copy slowly'
  | 'truncate'
  | 'cut'
  | 'unlink'
  | 'wait'
  | 'poll'
  | 'copytruncate during a poll'
  | 'rotate during a poll'
  | 'pause'
  | 'checkpoint'
  | 'crash'

interface Poll {
  readonly step: number
  readonly gaps: number
  readonly wasMissing: boolean
  /** Sizes of the inodes then: the objects themselves, so that a number given away again is another file. */
  readonly seen: Map<unknown, number>
}

/** Runs a program; returns what is wrong, undefined when nothing is. */
function run(program: readonly Op[]): string | undefined {
  const disk = createFakeDisk()
  const gather = createGather()
  const start = (from?: unknown) =>
    createFollower({ disk, patterns: [NAME], consumer: gather, begin: 'rotated', from, graceMs: 1e9 })
  let follower = start()
  let step = 0
  let serial = 0
  let half = ''
  let writer: unknown
  /** The file that was copied and is not emptied yet: a rotator does nothing else then. */
  let copied: unknown
  let polls: Poll[] = []
  /** How many looks there had been when a run began. */
  let starts: number[] = []
  const truth: string[] = []
  /** Lines that were whole in a file when it was destroyed, with the step, and the file if only having seen more than was kept could tell. */
  const destroyed = new Map<string, { step: number; unless: unknown; kept: number }>()
  const paths = () => [NAME, ...[1, 2].flatMap(n => [`${NAME}.${n}`, `${NAME}.${n}.gz`])].filter(disk.exists)
  let checkpoint = { position: follower.snapshot() as unknown, got: copyOf(gather.got), polls: [] as Poll[] }
  let hasCheckpoint = false
  const sources = new Map<string, unknown>()

  function poll(): void {
    const before = gather.got.gaps.length
    follower.poll(disk.now)
    const seen = new Map(paths().map(path => [disk.inode(path), disk.content(path).length]))
    polls.push({ step, gaps: gather.got.gaps.length - before, wasMissing: !disk.exists(NAME), seen })
  }

  const isLinked = (inode: unknown): boolean => paths().some(path => disk.inode(path) === inode)
  const contentOf = (inode: unknown): string => textOf(paths().find(path => disk.inode(path) === inode)!)

  function write(text: string): void {
    if (isLinked(writer)) disk.appendTo(writer, text)
    else {
      disk.append(NAME, text)
      writer = disk.inode(NAME)
    }
  }

  function destroy(text: string, unless: unknown, kept = 0): void {
    for (const line of text.split('\n')) if (line) destroyed.set(line, { step, unless, kept })
  }

  const textOf = (path: string): string => {
    const content = disk.content(path)
    return (path.endsWith('.gz') ? gunzip(content) : content).toString('latin1')
  }

  function shift(): void {
    for (const end of ['', '.gz']) {
      if (disk.exists(`${NAME}.${KEPT}${end}`)) {
        const source = sources.get(textOf(`${NAME}.${KEPT}${end}`))
        destroy(textOf(`${NAME}.${KEPT}${end}`), source)
        disk.unlink(`${NAME}.${KEPT}${end}`)
      }
      for (let n = KEPT - 1; n >= 1; n--)
        if (disk.exists(`${NAME}.${n}${end}`)) disk.rename(`${NAME}.${n}${end}`, `${NAME}.${n + 1}${end}`)
    }
  }

  const ops: Record<Op, () => void> = {
    append() {
      const isOpen = half !== '' && isLinked(writer) && contentOf(writer).endsWith(half)
      const line = isOpen ? `${half} whole` : `line ${serial++}`
      truth.push(line)
      write(isOpen ? ' whole\n' : `\n${line}\n`)
      half = ''
    },
    half() {
      if (half !== '') return
      half = `half ${serial++}`
      write(half)
    },
    rotate() {
      ops['rotate and keep writing']()
      writer = undefined
    },
    'rotate and keep writing'() {
      if (copied !== undefined || !disk.exists(NAME)) return
      shift()
      disk.rename(NAME, `${NAME}.1`)
    },
    reopen() {
      if (!disk.exists(NAME)) disk.append(NAME, '')
      writer = disk.inode(NAME)
    },
    compress() {
      const plain = `${NAME}.1`
      if (!disk.exists(plain) || disk.inode(plain) === writer) return
      const zipped = gzipSync(disk.content(plain))
      disk.append(`${plain}.gz`, zipped)
      const source = sources.get(textOf(plain))
      if (source) sources.set(textOf(plain), source)
      disk.unlink(plain)
    },
    copytruncate() {
      if (copied !== undefined) return ops.truncate()
      ops.copy()
      if (copied !== undefined) disk.truncate(NAME)
      copied = undefined
    },
    copy() {
      if (copied !== undefined || !disk.exists(NAME) || disk.content(NAME).length === 0) return
      shift()
      disk.copy(NAME, `${NAME}.1`)
      sources.set(textOf(NAME), disk.inode(NAME))
      writer = disk.inode(NAME)
      copied = writer
    },
    // A large file is looked at while its copy grows, from nothing on.
    'copy slowly'() {
      if (copied !== undefined || !disk.exists(NAME) || disk.content(NAME).length === 0) return
      shift()
      const content = disk.content(NAME)
      sources.set(content.toString(), disk.inode(NAME))
      writer = disk.inode(NAME)
      copied = writer
      disk.append(`${NAME}.1`, '')
      const half = content.length >> 1
      for (const part of [content.subarray(0, half), content.subarray(half)]) {
        poll()
        disk.append(`${NAME}.1`, part)
      }
    },
    truncate() {
      if (!disk.exists(NAME)) return
      destroy(textOf(NAME), disk.inode(NAME))
      copied = undefined
      disk.truncate(NAME)
    },
    // To its first line, which no rotation does that made a copy before.
    cut() {
      if (!disk.exists(NAME)) return
      const text = textOf(NAME)
      const kept = text.indexOf('\n', 1) + 1
      const isCopied = paths().some(path => path !== NAME && textOf(path).startsWith(text.slice(0, kept)))
      if (isCopied) return
      destroy(text.slice(kept), disk.inode(NAME), kept)
      copied = undefined
      disk.truncate(NAME, kept)
    },
    // Until what the directory was when it was listed is trusted.
    wait() {
      disk.now += 5000
    },
    unlink() {
      if (!disk.exists(NAME)) return
      destroy(textOf(NAME), disk.inode(NAME))
      copied = undefined
      disk.unlink(NAME)
    },
    poll,
    'copytruncate during a poll'() {
      disk.meanwhile = ops.copytruncate
      poll()
      disk.meanwhile = undefined
    },
    'rotate during a poll'() {
      disk.meanwhile = ops.rotate
      poll()
      disk.meanwhile = undefined
    },
    pause() {
      gather.isPaused = !gather.isPaused
    },
    checkpoint() {
      checkpoint = {
        position: JSON.parse(JSON.stringify(follower.snapshot())),
        got: copyOf(gather.got),
        polls: [...polls],
      }
      hasCheckpoint = true
    },
    crash() {
      follower.close()
      if (disk.openFiles() !== 0) throw new Error(`${disk.openFiles()} files left open`)
      gather.got = copyOf(checkpoint.got)
      polls = [...checkpoint.polls]
      starts = [...starts.filter(start => start < polls.length), polls.length]
      gather.restart()
      follower = start(hasCheckpoint ? checkpoint.position : undefined)
    },
  }

  for (const op of program) {
    step++
    ops[op]()
  }
  gather.isPaused = false
  for (let n = 0; n < 3; n++) {
    step++
    poll()
  }
  follower.close()

  /** A place is looked for twice before it is given up; what was held open is lost only with a crash. */
  const looksAfter = (at: number): Poll[] =>
    polls.filter((_, i) => [at, ...starts].some(start => start >= at && i >= start && i < start + 3))

  if (gather.troubles.length > 0) return gather.troubles[0]
  const { lines, gaps } = gather.got
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  for (const [line, count] of counts) {
    if (line === '' || /^half \d+$/.test(line)) continue
    if (!truth.includes(line)) return `never written: ${line}`
    if (count > 1 && !gaps.some(gap => gap.repeated)) return `twice: ${line}`
    const places = [...gather.places.get(line)!]
    if (places.length > 1) return `two ids: ${line} (${places.join(', ')})`
  }
  for (const line of truth) {
    if (counts.has(line)) continue
    const loss = destroyed.get(line)
    if (!loss) return `lost though it is there: ${line}`
    const at = polls.findIndex(poll => poll.step >= loss.step)
    const before = polls[at - 1]
    const said = looksAfter(at).reduce((sum, poll) => sum + poll.gaps, 0)
    if (said > 0 || before?.wasMissing) continue
    const wasSeen = (before?.seen.get(loss.unless) ?? 0) > loss.kept
    if (loss.unless !== undefined && !wasSeen) continue
    if (!before) continue
    return `lost in silence: ${line}`
  }
  if (disk.openFiles() !== 0) return `${disk.openFiles()} files left open`
  return undefined
}

const copyOf = ({ lines, gaps }: Gathered): Gathered => ({ lines: [...lines], gaps: [...gaps] })

const gunzip = (content: Buffer): Buffer => gunzipSync(content)

const op = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Op>('append') },
  { weight: 6, arbitrary: fc.constant<Op>('poll') },
  {
    weight: 14,
    arbitrary: fc.constantFrom<Op>(
      'rotate',
      'rotate',
      'rotate and keep writing',
      'reopen',
      'compress',
      'copytruncate',
      'copytruncate during a poll',
      'rotate during a poll',
      'copy',
      'copy slowly',
      'copytruncate',
      'truncate',
      'cut',
      'unlink',
      'wait',
      'pause',
      'half',
      'checkpoint',
      'checkpoint',
      'crash',
      'crash',
      'pause',
      'rotate',
      'rotate',
    ),
  },
)

t.test('programs that find what is easily forgotten', async t => {
  const programs: Record<string, Op[]> = {
    'seen before a restart and emptied during it': [
      'pause',
      'append',
      'rotate',
      'append',
      'poll',
      'checkpoint',
      'crash',
      'truncate',
      'poll',
      'append',
    ],
    'seen before a restart, emptied and written anew during it': [
      'pause',
      'append',
      'rotate',
      'append',
      'poll',
      'checkpoint',
      'crash',
      'truncate',
      'append',
      'poll',
    ],
    'copied and emptied between the look at the file and the look beside it': [
      'append',
      'poll',
      'append',
      'copytruncate during a poll',
      'append',
      'poll',
    ],
    'more rotations than files are kept': [
      'append',
      'poll',
      'rotate',
      'append',
      'rotate',
      'append',
      'rotate',
      'append',
      'rotate',
      'append',
      'poll',
    ],
    'a copy seen before its original was read, which is emptied during a restart': [
      'pause',
      'append',
      'poll',
      'append',
      'copy',
      'poll',
      'checkpoint',
      'truncate',
      'crash',
      'poll',
    ],
    'a copy seen, its original read on, then emptied': [
      'append',
      'copy',
      'poll',
      'append',
      'poll',
      'truncate',
      'append',
      'poll',
    ],
    'a copy of what is moved during a restart': [
      'append',
      'poll',
      'checkpoint',
      'crash',
      'copytruncate',
      'append',
      'unlink',
      'append',
      'poll',
    ],
    'a copy that is compressed, and another made during a poll': [
      'append',
      'copytruncate',
      'rotate',
      'append',
      'compress',
      'rotate',
      'append',
      'poll',
      'compress',
      'copytruncate during a poll',
      'rotate',
      'poll',
    ],
    'a copy compressed while the follower is down': [
      'append',
      'copytruncate',
      'poll',
      'checkpoint',
      'unlink',
      'crash',
      'compress',
      'rotate',
      'poll',
    ],
    'a copy of what was written after a crash': [
      'append',
      'truncate',
      'rotate',
      'append',
      'rotate',
      'append',
      'poll',
      'checkpoint',
      'crash',
      'append',
      'append',
      'copytruncate',
      'append',
    ],
    'a copy of a file that was rotated before a crash': [
      'append',
      'copytruncate',
      'poll',
      'checkpoint',
      'rotate',
      'append',
      'crash',
      'rotate',
      'append',
      'copy',
      'poll',
      'append',
    ],
    'a file made anew is compressed to the inode of the one that was read': [
      'append',
      'poll',
      'checkpoint',
      'copytruncate during a poll',
      'crash',
      'append',
      'unlink',
      'compress',
    ],
    'an empty file whose inode is given away while nobody looks': [
      'reopen',
      'poll',
      'append',
      'checkpoint',
      'rotate',
      'crash',
      'append',
      'rotate',
      'append',
      'rotate',
      'poll',
      'append',
    ],
    'a copy of more than was read and less than was seen': [
      'append',
      'poll',
      'append',
      'copy',
      'pause',
      'append',
      'copytruncate during a poll',
      'poll',
    ],
    'a copy of what nobody wanted to read yet, then emptied': [
      'append',
      'copy',
      'append',
      'pause',
      'poll',
      'copytruncate',
      'poll',
      'append',
      'poll',
      'rotate',
      'rotate',
      'append',
      'rotate',
    ],
    'compressed while nobody wants to read it': [
      'append',
      'poll',
      'append',
      'rotate',
      'pause',
      'compress',
      'append',
      'poll',
      'rotate',
      'poll',
      'rotate',
      'checkpoint',
      'crash',
    ],
    'a copy whose inode is given to a longer one': [
      'half',
      'copy',
      'poll',
      'compress',
      'append',
      'append',
      'poll',
      'cut',
      'copytruncate',
      'poll',
    ],
    'cut, and a checkpoint before it is said': [
      'append',
      'append',
      'poll',
      'cut',
      'poll',
      'checkpoint',
      'crash',
      'poll',
    ],
    'a copy that is empty when it is met first': [
      'append',
      'poll',
      'copy slowly',
      'append',
      'copytruncate',
      'poll',
      'append',
    ],
    'a restart while a copy grows': [
      'append',
      'copy slowly',
      'append',
      'checkpoint',
      'rotate',
      'crash',
      'poll',
    ],
    'the beginning of a copy is not taken for all of another file': [
      'append',
      'copy slowly',
      'copytruncate',
      'append',
      'rotate',
      'compress',
      'append',
      'rotate',
      'rotate',
      'poll',
    ],
    'cut, copied and emptied at once': ['append', 'append', 'poll', 'cut', 'append', 'copytruncate', 'poll'],
  }
  for (const [name, program] of Object.entries(programs)) t.equal(run(program), undefined, name)
})

t.test('every line once, or a gap is said', async t => {
  fc.assert(
    fc.property(fc.array(op, { minLength: 5, maxLength: 40 }), program => {
      const wrong = run(program)
      if (wrong) throw new Error(wrong)
    }),
    {
      numRuns: casesOf(1500, 5000, 'RUNS'),
      ...(process.env.SEED && { seed: Number(process.env.SEED) }),
    },
  )
  t.pass('all programs')
})
