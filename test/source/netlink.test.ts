import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { netfilterSocketsOf, parseNetlink, processesNamed } from '../../agent/source/netlink.ts'
import { watchDrops } from '../../agent/source/netlink-drops.ts'
import type { SourceGap } from '../../agent/source/receiver.ts'

const head = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'
const row = (protocol: number, groups: string, waiting: number, drops: number, inode: number) =>
  `000000000fad5cdb ${protocol}  3517821   ${groups} ${waiting}        0        0     2        ${drops}        ${inode}       \n`

t.test('parseNetlink() reads the columns that matter and leaves out what is no socket', async t => {
  t.same(parseNetlink(head + row(0, '00000000', 0, 0, 4) + row(12, '00000007', 2304, 416, 81234)), [
    { protocol: 0, groups: 0, waiting: 0, drops: 0, inode: 4 },
    { protocol: 12, groups: 7, waiting: 2304, drops: 416, inode: 81234 },
  ])
  for (const text of ['', '\n', head, 'x\n', '0 12 1 00000007 0 0 0 2 5\n', '0 12 1 00000007 0 0 0 2 -5 7\n'])
    t.same(parseNetlink(text), [], JSON.stringify(text))
  fc.assert(fc.property(fc.string({ unit: 'binary-ascii' }), text => void parseNetlink(text)))
})

/** A `/proc` in which one process of that name has these sockets. */
function procWith(folder: string, sockets: string): string {
  const proc = join(folder, 'proc')
  mkdirSync(join(proc, '812/fd'), { recursive: true })
  mkdirSync(join(proc, '812/net'))
  mkdirSync(join(proc, '9'))
  writeFileSync(join(proc, '812/comm'), 'ulogd\n')
  writeFileSync(join(proc, '9/comm'), 'sh\n')
  symlinkSync('socket:[81234]', join(proc, '812/fd/3'))
  symlinkSync('/dev/null', join(proc, '812/fd/0'))
  writeFileSync(join(proc, '812/net/netlink'), head + sockets)
  return proc
}

t.test(
  'the sockets of a process are its own and netfilter’s; of one that is gone there are none',
  async t => {
    const proc = procWith(
      t.testdir(),
      row(12, '00000000', 0, 3, 81234) + row(12, '00000000', 0, 9, 5) + row(0, '00000001', 0, 9, 81234),
    )
    t.same(
      netfilterSocketsOf(812, proc).map(({ drops }) => drops),
      [3],
    )
    t.same(netfilterSocketsOf(77, proc), [])
    t.same(processesNamed(['ulogd'], proc), [812])
    t.same(processesNamed(['ulogd'], join(proc, 'nowhere')), [])
  },
)

t.test('what a program loses is told as a lower bound, from the first look on', async t => {
  const folder = t.testdir()
  const proc = procWith(folder, row(12, '00000000', 0, 1000, 81234))
  const gaps: SourceGap[] = []
  let nowMs = 1000
  let look = (): void => {}
  using watch = watchDrops({
    programs: ['ulogd'],
    gap: gap => gaps.push(gap),
    now: () => nowMs,
    proc,
    later(run) {
      look = run
      return () => {
        look = () => t.fail('it goes on after it was closed')
      }
    },
  })
  const set = (drops: number, inode = 81234, others = '') => {
    writeFileSync(join(proc, '812/net/netlink'), head + row(12, '00000000', 0, drops, inode) + others)
    nowMs += 15_000
    look()
  }
  look()
  set(1000)
  t.same(gaps, [], 'what was lost before is not ours to tell')
  set(1416)
  t.same(gaps.splice(0), [
    {
      cause: 'the socket of ulogd was full: at least 416 packets lost before they were written',
      from: 16_000_000,
      to: 31_000_000,
    },
  ])
  set(1416)
  symlinkSync('socket:[99]', join(proc, '812/fd/4'))
  set(1416, 81234, row(12, '00000000', 0, 1, 99))
  t.match(
    gaps.splice(0),
    [{ cause: /at least 1 packet lost/ }],
    'a new socket has lost it since it was opened',
  )
  set(3, 81234)
  t.same(gaps, [], 'a number that is used again is no loss')
  watch[Symbol.dispose]()
})
