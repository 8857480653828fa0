import t from 'tap'
import { createFollower } from '../../agent/source/follow.ts'
import { type LoopClock, pollUntil } from '../../agent/source/follow-loop.ts'
import type { Watch } from '../../agent/watch-directories.ts'
import { createFakeDisk } from './follow-fake-disk.ts'
import { createGather } from './follow-gather.ts'

/** A clock whose sleeps are over at once, after `before` was told how long they would have been. */
function setUp(before: (ms: number, signal: AbortSignal) => void) {
  const disk = createFakeDisk()
  const gather = createGather()
  const slept: number[] = []
  const clock: LoopClock = {
    nowMs: () => disk.now,
    async sleep(ms, signal) {
      slept.push(ms)
      before(ms, signal)
    },
  }
  const follower = createFollower({ disk, patterns: ['/log/a.log'], consumer: gather })
  return { disk, gather, slept, clock, follower }
}

t.test('it looks seldom when nothing comes, often when lines do, and once more at the end', async t => {
  const stop = new AbortController()
  const { disk, gather, slept, clock, follower } = setUp(() => {
    if (slept.length === 14) disk.append('/log/a.log', 'a\n')
    if (slept.length === 16) {
      disk.append('/log/a.log', 'last\n')
      stop.abort()
    }
  })
  const watch: Watch = () => ({ close() {} })
  await pollUntil(follower, { clock, watch, signal: stop.signal })
  t.strictSame(slept.slice(0, 12), [50, 50, 50, 150, 50, 350, 50, 750, 50, 950, 50, 950])
  t.strictSame(slept.slice(14), [50, 50, 50], 'a line was read: the next look is soon')
  t.strictSame(gather.got.lines, ['a', 'last'])
})

t.test('a change in the directory ends the wait, also one that was told of before it began', async t => {
  const stop = new AbortController()
  const aborted: boolean[] = []
  const rings: (() => void)[] = []
  const watched: string[] = []
  const closed: string[] = []
  const { slept, clock, follower } = setUp((_ms, signal) => {
    aborted.push(signal.aborted)
    if (slept.length === 3) rings[0]!()
    if (slept.length === 4) stop.abort()
  })
  const watch: Watch = (directory, onChange) => {
    watched.push(directory)
    rings.push(onChange)
    return { close: () => closed.push(directory) }
  }
  await pollUntil(follower, { clock, watch, signal: stop.signal })
  t.strictSame(aborted, [false, false, false, true])
  t.strictSame([watched, closed], [['/log'], ['/log']], 'watched once, and closed at the end')
})

t.test(
  'writes to other files of the directory do not end the wait, those to its own, to rotated ones and behind a link do',
  async t => {
    const stop = new AbortController()
    const aborted: boolean[] = []
    let tell: ((written?: string) => void) | undefined
    const written = [
      ...['b.log', 'a.log.bak', 'a.log', 'b.log.1', 'a.log.1', 'a-20260102.log'],
      ...['behind.log', undefined, 'behind.log'],
    ]
    const { disk, slept, clock, follower } = setUp((_ms, signal) => {
      // Two sleeps to each look that finds nothing: told in the first, to be seen in the second.
      if (slept.length < 2) return
      if (slept.length % 2 === 1) tell!(written[(slept.length - 3) / 2])
      else if (slept.length > 2) aborted.push(signal.aborted)
      if (aborted.length === 7 && !disk.exists('/log/behind.log')) {
        disk.append('/log/behind.log', '')
        disk.link('/log/a.log', '/log/behind.log')
      }
      if (aborted.length === written.length) stop.abort()
    })
    const watch: Watch = (_directory, onChange) => {
      tell = onChange
      return { close() {} }
    }
    await pollUntil(follower, { clock, watch, signal: stop.signal })
    t.strictSame(aborted, [false, false, true, false, true, true, false, true, true])
  },
)

t.test('directories that cannot be watched are polled all the same', async t => {
  const stop = new AbortController()
  const { disk, gather, slept, clock, follower } = setUp(() => {
    if (slept.length === 2) disk.append('/log/a.log', 'a\n')
    if (slept.length === 4) stop.abort()
  })
  await pollUntil(follower, { clock, signal: stop.signal })
  t.strictSame(gather.got.lines, ['a'])
})

t.test('while every look finds something, it is not told of changes', async t => {
  const stop = new AbortController()
  const calls: string[] = []
  const { disk, gather, slept, clock, follower } = setUp(() => {
    if (slept.length < 40) disk.append('/log/a.log', `${slept.length}\n`)
    else if (slept.length > 45) stop.abort()
  })
  const watch: Watch = () => {
    calls.push(`watched at ${slept.length}`)
    return { close: () => calls.push(`closed at ${slept.length}`) }
  }
  await pollUntil(follower, { clock, watch, signal: stop.signal })
  t.strictSame(calls.length, 4)
  t.match(calls[1], /^closed at 2\d$/)
  t.match(calls[2], /^watched at 4\d$/)
  t.strictSame(gather.got.lines.length, 39)
})
