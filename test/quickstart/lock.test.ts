import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pid } from 'node:process'
import t from 'tap'
import {
  claim,
  processStartTime,
  type RunState,
  readState,
  release,
  writeState,
} from '../../agent/quickstart/lock.ts'

const own: RunState = { pid: 10, startTime: '1000', namespaces: [] }
const other: RunState = { pid: 20, startTime: '2000', namespaces: ['culprit-x-node'], logAllNetns: '0' }
const running =
  (...states: RunState[]) =>
  (id: number) =>
    states.find(state => state.pid === id)?.startTime

function file(t: { testdir(): string }): string {
  return `${t.testdir()}/culprit-quickstart/state.json`
}

t.test('the first one takes the lock and leaves nothing when it releases it', async t => {
  const path = file(t)
  t.same(claim(path, own, running(own)), { kind: 'taken' })
  t.same(readState(path), own)
  t.same(readdirSync(dirname(path)), ['state.json'], 'no drafts')
  release(path)
  t.notOk(existsSync(dirname(path)))
})

t.test('a second one is refused in a sentence while the first runs', async t => {
  const path = file(t)
  claim(path, other, running(other))
  t.same(claim(path, own, running(own, other)), {
    kind: 'refused',
    reason: 'Cannot start: another quickstart is running on this machine (process 20)',
  })
  t.same(readState(path), other, 'and its lock is untouched')
})

t.test('the lock of a dead process is taken over with what it left', async t => {
  const path = file(t)
  claim(path, other, running(other))
  t.same(claim(path, own, running(own)), { kind: 'repair', left: other })
  t.same(
    readState(path),
    { ...other, pid: 10, startTime: '1000' },
    'which stays written down until it is repaired',
  )
  t.same(readdirSync(dirname(path)), ['state.json'])
})

t.test('another process that got the pid of a dead one holds no lock', async t => {
  const path = file(t)
  claim(path, other, running(other))
  t.equal(claim(path, own, running(own, { ...other, startTime: '9999' })).kind, 'repair')
})

t.test('a file that is no lock is replaced', async t => {
  const path = file(t)
  claim(path, other, running(other))
  writeFileSync(path, '{"pid":')
  t.same(claim(path, own, running(own)), { kind: 'taken' })
  t.same(readState(path), own)
})

t.test('of two that find a dead lock only one takes it over', async t => {
  const path = file(t)
  const third: RunState = { pid: 30, startTime: '3000', namespaces: [] }
  claim(path, other, running(other))
  // The third one is faster: it takes the lock over while we look whether the old one still lives.
  const slow = (id: number) => {
    if (id === other.pid) claim(path, third, running(third))
    return running(third)(id)
  }
  t.equal(claim(path, own, slow).kind, 'refused')
  t.match(readState(path), { pid: 30 })
})

t.test('a state is replaced as a whole', async t => {
  const path = file(t)
  claim(path, own, running(own))
  writeState(path, { ...own, namespaces: ['a'] })
  t.same(readState(path)?.namespaces, ['a'])
  t.same(readdirSync(dirname(path)), ['state.json'])
})

const noProc = existsSync('/proc/self/stat') ? false : 'no /proc here'

t.test('processStartTime() tells processes apart and knows who is not there', { skip: noProc }, async t => {
  t.match(processStartTime(pid) ?? '', /^\d+$/)
  t.equal(processStartTime(2 ** 30), undefined)
  t.equal(processStartTime(pid), readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19])
})
