import t from 'tap'
import { fingerprint, recordId, ulid } from '../../agent/forensics/id.ts'
import { recordTime } from '../../agent/forensics/time.ts'

const origin = { node: 'worker-3', format: 'netfilter-log', stream: 'abc', offset: 188412 }

t.test('recordId() is a ULID whose first ten letters are the time', async t => {
  const id = recordId(1_469_918_176_385_000, origin)
  t.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
  t.equal(id.slice(0, 10), '01ARYZ6S41', 'the example of the ULID specification')
  t.equal(recordId(Number.NaN, origin).slice(0, 10), '0000000000')
})

t.test('recordId() depends on each part of the origin and on nothing else', async t => {
  const id = recordId(1e15, origin)
  t.equal(recordId(1e15, { ...origin }), id)
  for (const other of [{ node: 'x' }, { format: 'x' }, { stream: 'x' }, { offset: 1 }])
    t.not(recordId(1e15, { ...origin, ...other }), id)
  t.not(ulid(1e15, 'a'), ulid(1e15, 'b'))
})

t.test('fingerprint() does not change while a file grows behind its first line', async t => {
  const head = Buffer.from('first line\nsecond')
  t.equal(fingerprint(head), fingerprint(Buffer.from('first line\nother things')))
  t.not(fingerprint(head), fingerprint(Buffer.from('another line\nsecond')))
  const long = Buffer.alloc(1000, 65)
  t.equal(fingerprint(long), fingerprint(long.subarray(0, 300)))
})

t.test('recordTime() writes milliseconds, and microseconds where there are any', async t => {
  t.equal(recordTime(1_795_541_609_664_935), '2026-11-24T17:33:29.664935Z')
  t.equal(recordTime(1_795_541_609_664_000), '2026-11-24T17:33:29.664Z')
  t.equal(recordTime(1_795_541_609_000_000), '2026-11-24T17:33:29.000Z')
  t.equal(recordTime(Number.NaN), undefined)
  t.equal(recordTime(1e30), undefined)
})
