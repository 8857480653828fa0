import fc from 'fast-check'
import t from 'tap'
import { createKernelClock } from '../../agent/source/kmsg-clock.ts'
import { createKmsgReader, type KmsgReader } from '../../agent/source/kmsg-reader.ts'
import { type Gathered, gather } from './gather-receiver.ts'
import {
  type Answer,
  again,
  overwritten,
  packet,
  record,
  type ScriptedDevice,
  scriptedDevice,
} from './kmsg-device-scripted.ts'

const bootTime = 1_795_000_000_000_000
const cause =
  'the kernel overwrote records before they were read (records of any kind, so at most as many packets)'
const restarted = 'the machine was restarted: what its kernel logged after the last record read is gone'

interface Run extends Gathered {
  readonly reader: KmsgReader
  readonly device: ScriptedDevice
  nowMs: number
}

function run(
  answers: Answer[],
  options: { from?: unknown; begin?: 'start' | 'end'; bootId?: string } = {},
): Run {
  const gathered = gather()
  const at = { nowMs: bootTime / 1000 + 3_600_000 }
  const clock = createKernelClock({ now: () => at.nowMs, monotonic: () => 3_600_000_000, bootTime })
  const reader = createKmsgReader({
    receiver: gathered.receiver,
    bootId: options.bootId ?? 'boot-1',
    ...(options.from !== undefined && { from: options.from }),
    begin: options.begin ?? 'start',
    clock,
    now: () => at.nowMs,
  })
  return Object.assign(gathered, at, { reader, device: scriptedDevice(answers) })
}

const line = (sequence: number, text?: string): string => `${sequence} ${record(sequence, text).slice(0, -1)}`
const gapOf = (lost: number, from: number, to: number) => ({
  cause,
  lost,
  from: bootTime + from * 1_000_000,
  to: bootTime + to * 1_000_000,
})

t.test('what may be a line of netfilter is handed on as it is, everything is counted', async t => {
  const { reader, device, lines, gaps } = run([
    record(1),
    record(2, 'usb 1-1: new device'),
    record(3),
    'no record\n',
    `${record(4)} SUBSYSTEM=net\n DEVICE=n1 OUT=1\n`,
    record(5, 'short'),
  ])
  t.equal(reader.drain(device), 'read')
  t.same(lines, [line(1), line(3), line(4)])
  t.equal(reader.position()?.sequence, 5)
  t.equal(reader.drain(device), 'idle')
  t.same(gaps, [])
})

t.test('what the ring held before is handed on or not, as asked', async t => {
  const answers = (): Answer[] => [record(7), record(8), again, record(9), record(11)]
  const all = run(answers())
  const fresh = run(answers(), { begin: 'end' })
  t.equal(fresh.reader.position(), undefined, 'nothing to go on behind yet')
  for (const { reader, device } of [all, fresh]) for (let turn = 0; turn < 3; turn++) reader.drain(device)
  t.same(all.lines, [line(7), line(8), line(9), line(11)])
  t.same(fresh.lines, [line(9), line(11)])
  for (const { gaps } of [all, fresh])
    t.match(gaps, [{ cause, lost: 1 }], 'nobody promised what was overwritten before the first start')
})

t.test('what is overwritten is counted exactly, and many losses are one gap', async t => {
  const { reader, device, gaps, lines } = run([
    record(5),
    overwritten,
    record(9),
    record(10, 'something else'),
    overwritten,
    overwritten,
    record(12),
  ])
  reader.drain(device)
  t.same(gaps, [], 'more may be missing in a moment')
  reader.drain(device)
  t.same(gaps, [gapOf(4, 5, 12)])
  t.same(lines, [line(5), line(9), line(12)])
})

t.test('a loss that is not told yet stands in the position', async t => {
  const first = run([record(5), overwritten, record(9)])
  first.reader.drain(first.device)
  const from = JSON.parse(JSON.stringify(first.reader.position()))
  const second = run([], { from })
  second.reader.drain(second.device)
  t.same(second.gaps, [gapOf(3, 5, 9)])
  const elsewhere = run([], { from, bootId: 'boot-2' })
  t.same(elsewhere.gaps[0], gapOf(3, 5, 9), 'also when the machine was restarted')
})

t.test('an end tells what is owed', async t => {
  const { reader, device, gaps, streams } = run([record(5), overwritten, record(7)])
  reader.drain(device)
  reader.end()
  t.same(gaps, [gapOf(1, 5, 7)])
  t.same(streams, ['boot-1', 'end boot-1'])
})

t.test('the next start goes on behind the position', async t => {
  const first = run([record(5), record(6)])
  first.reader.drain(first.device)
  const from = JSON.parse(JSON.stringify(first.reader.position()))
  const cases: [about: string, ring: Answer[], lines: string[], lost: number | undefined][] = [
    ['the ring still has everything', [record(4), record(5), record(6), record(7)], [line(7)], undefined],
    ['and there is nothing new', [record(5), record(6)], [], undefined],
    ['it begins right behind', [record(7)], [line(7)], undefined],
    ['some were overwritten meanwhile', [record(10)], [line(10)], 3],
    ['it is empty', [], [], undefined],
  ]
  for (const [about, ring, lines, lost] of cases) {
    for (const begin of ['start', 'end'] as const) {
      const next = run([...ring], { from, begin })
      next.reader.drain(next.device)
      next.reader.drain(next.device)
      t.same(next.lines, lines, about)
      t.same(next.gaps, lost === undefined ? [] : [gapOf(lost, 6, 10)], about)
    }
  }
})

t.test(
  'after a restart of the machine its ring is read from the start, and what may be missing is said',
  async t => {
    const first = run([record(500)])
    first.reader.drain(first.device)
    const from = JSON.parse(JSON.stringify(first.reader.position()))
    const second = run([record(2), record(3)], { from, bootId: 'boot-2', begin: 'end' })
    t.equal(second.reader.position()?.sequence, -1)
    second.reader.drain(second.device)
    second.reader.drain(second.device)
    t.same(second.lines, [line(2), line(3)])
    t.same(second.gaps, [{ cause: restarted, from: bootTime + 500_000_000, to: bootTime }, gapOf(2, 0, 2)])
    t.same(second.streams, ['boot-2'])
    t.equal(second.reader.position()?.bootId, 'boot-2')
  },
)

t.test('while nobody can take a line the ring is the buffer', async t => {
  const gathered = run([record(1), record(2)])
  gathered.isFull = true
  t.equal(gathered.reader.drain(gathered.device), 'full')
  t.same(gathered.lines, [])
  t.equal(gathered.device.answers.length, 2, 'nothing was read')
  gathered.isFull = false
  t.equal(gathered.reader.drain(gathered.device), 'read')
  t.same(gathered.lines, [line(1), line(2)])
})

t.test('other work gets its turn', async t => {
  const { reader, device, lines } = run(Array.from({ length: 2500 }, (_, index) => record(index)))
  t.equal(reader.drain(device), 'more')
  t.equal(lines.length, 2000)
  t.equal(reader.drain(device), 'read')
  t.equal(lines.length, 2500)
})

t.test('a position that is none is refused', async t => {
  for (const from of [{}, null, { version: 2, bootId: 'x', sequence: 1 }, 'x'])
    t.throws(() => run([], { from }), { name: 'ZodError' })
})

t.test('other errors of the device are not hidden', async t => {
  const { reader, device } = run([record(1), { code: 'EIO' }])
  t.throws(() => reader.drain(device), { code: 'EIO' })
  t.equal(reader.position()?.sequence, 1)
})

t.test('through any losses and restarts each record is handed on once or counted as lost', async t => {
  /** What the kernel does between two drains: logs so many, of which the ring keeps the last few. */
  const step = fc.record({ logged: fc.nat({ max: 30 }), restart: fc.boolean(), full: fc.boolean() })
  const ringSize = 12
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const lines: string[] = []
      let lost = 0
      let from: unknown
      let logged = 0
      let current: Run | undefined
      /** Of the current device: the next record that its reader is given. */
      let next = 0
      for (const { logged: more, restart, full } of [...steps, { logged: 0, restart: false, full: false }]) {
        logged += more
        if (current === undefined || restart) {
          next = 0
          // Begun behind nothing: number 0 is the first that counts.
          from ??= {
            version: 1,
            bootId: 'boot-1',
            sequence: -1,
            stamp: 0,
            clock: { bootTime, offset: bootTime },
          }
          current = run([], { from: JSON.parse(JSON.stringify(from)) })
        }
        const oldest = Math.max(0, logged - ringSize)
        const answers: Answer[] = next < oldest ? [overwritten] : []
        for (next = Math.max(next, oldest); next < logged; next++) answers.push(record(next))
        current.device.answers.push(...answers)
        current.isFull = full
        if (full) {
          next -= current.device.answers.length - (answers[0] === overwritten ? 1 : 0)
          current.device.answers.length = 0
        }
        current.reader.drain(current.device)
        from = current.reader.position()
        lines.push(...current.lines.splice(0))
        for (const gap of current.gaps.splice(0)) lost += gap.lost!
      }
      current!.reader.end()
      for (const gap of current!.gaps) lost += gap.lost!
      t.equal(new Set(lines).size, lines.length, 'none twice')
      t.equal(lines.length + lost, logged, 'none unaccounted for')
    }),
  )
})

t.test('a line is no longer than its record, whatever the one before left in the buffer', async t => {
  const { reader, device, lines } = run([record(1, `x${packet.repeat(20)}`), record(2, 'no packet')])
  reader.drain(device)
  t.equal(lines.length, 1)
})
