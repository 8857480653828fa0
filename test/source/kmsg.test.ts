import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type KmsgOptions, openKmsg } from '../../agent/source/kmsg.ts'
import { createKernelClock } from '../../agent/source/kmsg-clock.ts'
import type { KmsgDevice } from '../../agent/source/kmsg-device.ts'
import { gather } from './gather-receiver.ts'
import { type Answer, again, record, scriptedDevice } from './kmsg-device-scripted.ts'

const bootTime = 1_795_000_000_000_000
const bootIdFile = join(mkdtempSync(join(t.testdir(), 'boot-')), 'boot_id')
writeFileSync(bootIdFile, 'boot-1\n')

/** A source whose clock is moved by hand: `turn` runs what it waits for and answers how long it would have waited. */
function open(devices: (KmsgDevice | { code: string })[], options: Partial<KmsgOptions> = {}) {
  const gathered = gather()
  const at = { nowMs: bootTime / 1000 }
  let waiting: { run: () => void; ms: number } | undefined
  const source = openKmsg({
    receiver: gathered.receiver,
    clock: createKernelClock({ now: () => at.nowMs, monotonic: () => at.nowMs * 1000, bootTime }),
    now: () => at.nowMs,
    bootIdFile,
    open() {
      const device = devices.shift()!
      if ('code' in device) throw Object.assign(new Error(`${device.code}: it is so`), device)
      return device
    },
    later(run, ms) {
      waiting = { run, ms }
      return () => {
        waiting = undefined
      }
    },
    ...options,
  })
  function turn(): number {
    const { run, ms } = waiting!
    at.nowMs += ms
    run()
    return ms
  }
  if (options.begin !== 'end') turn()
  return Object.assign(gathered, { source, at, turn, isWaiting: () => waiting !== undefined })
}

const numbers = (lines: readonly string[]): number[] => lines.map(line => Number.parseInt(line, 10))
const lots = (count: number, from = 0): Answer[] =>
  Array.from({ length: count }, (_, index) => record(from + index))

t.test('it looks again soon while records come, seldom when none do, more seldom after a while', async t => {
  const device = scriptedDevice(lots(3000))
  const { turn, lines, source } = open([device])
  t.equal(turn(), 0, 'there is more')
  t.equal(turn(), 1, 'records came')
  t.equal(turn(), 10, 'none came')
  let waited = 0
  for (let turns = 0; turns < 95; turns++) waited += turn()
  t.ok(waited <= 1000)
  for (let turns = 0; turns < 10; turns++) turn()
  t.equal(turn(), 20)
  for (let turns = 0; turns < 450; turns++) turn()
  t.equal(turn(), 40, 'after a long silence')
  device.answers.push(record(3000))
  turn()
  t.equal(turn(), 1)
  t.equal(lines.length, 3001)
  await source[Symbol.asyncDispose]()
})

t.test('while the receiver is full it waits a little, and goes on', async t => {
  const gathered = open([scriptedDevice([record(1)])])
  t.same(gathered.lines.length, 1)
  gathered.isFull = true
  gathered.turn()
  t.equal(gathered.turn(), 5)
  gathered.isFull = false
  gathered.turn()
  t.equal(gathered.turn(), 10)
  await gathered.source[Symbol.asyncDispose]()
})

t.test(
  'a device that cannot be read is said, with what would help, and tried again ever more seldom',
  async t => {
    const table: [code: string, advice: RegExp][] = [
      ['EPERM', /^Cannot read "\/dev\/kmsg": not permitted; grant CAP_SYSLOG .*dmesg_restrict=0.*privileged/],
      ['EACCES', /not permitted/],
      ['ENOENT', /it is not there; mount the host's \/dev\/kmsg into the container$/],
      ['EIO', /^Cannot read "\/dev\/kmsg": EIO: it is so$/],
    ]
    for (const [code, advice] of table) {
      const { turn, troubles, lines, source } = open([
        { code },
        { code },
        { code },
        scriptedDevice([record(1)]),
      ])
      t.match(troubles[0], advice)
      t.same([turn(), turn(), turn()], [1000, 2000, 4000])
      t.equal(troubles.at(-1), undefined, 'it is well again')
      t.same(numbers(lines), [1])
      await source[Symbol.asyncDispose]()
    }
  },
)

t.test(
  'an error while it is read loses nothing: it is opened anew and read behind the last record',
  async t => {
    const first = scriptedDevice([record(1), record(2), { code: 'EIO' }])
    const second = scriptedDevice([record(1), record(2), record(3), again, record(5)])
    const { turn, troubles, lines, gaps, source } = open([first, second])
    t.ok(first.isClosed)
    turn()
    turn()
    t.same(numbers(lines), [1, 2, 3, 5])
    t.equal(troubles.length, 2)
    turn()
    t.match(gaps, [{ lost: 1 }])
    await source[Symbol.asyncDispose]()
    t.ok(second.isClosed)
  },
)

t.test('behind what the ring holds means behind what it holds when it is opened', async t => {
  const device = scriptedDevice(lots(5000))
  const gathered = open([device], { begin: 'end' })
  t.equal(device.answers.length, 0)
  device.answers.push(record(5000))
  gathered.turn()
  t.same(numbers(gathered.lines), [5000])
  await gathered.source[Symbol.asyncDispose]()
})

t.test('closing reads what is there, tells what is owed, and lets go', async t => {
  const device = scriptedDevice([record(1), again, ...lots(4000, 3)])
  const { source, lines, gaps, streams, isWaiting } = open([device])
  await source[Symbol.asyncDispose]()
  t.equal(lines.length, 4001)
  t.match(gaps, [{ lost: 1 }])
  t.same(streams, ['boot-1', 'end boot-1'])
  t.ok(device.isClosed)
  t.notOk(isWaiting())
})

t.test('it has a position as soon as it has read a record, and is opened with it', async t => {
  const first = open([scriptedDevice([record(1), record(2)])])
  const from = JSON.parse(JSON.stringify(first.source.position()))
  await first.source[Symbol.asyncDispose]()
  const second = open([scriptedDevice([record(1), record(2), record(4)])], { from })
  t.same(numbers(second.lines), [4])
  t.equal(second.source.format, 'netfilter-log')
  t.equal(second.source.name, '/dev/kmsg')
  await second.source[Symbol.asyncDispose]()
  t.match(second.gaps, [{ lost: 1 }])
  t.throws(() => open([], { from: { version: 9 } }), { name: 'ZodError' })
})
