import fc from 'fast-check'
import t from 'tap'
import { type KmsgRecord, readKmsgRecord } from '../../agent/source/kmsg-record.ts'

function read(text: string): KmsgRecord | undefined {
  const bytes = Buffer.from(text, 'latin1')
  const record = { sequence: -1, stamp: -1, end: -1 }
  return readKmsgRecord(bytes, bytes.length, record) ? record : undefined
}

t.test('readKmsgRecord() reads the number, the stamp and the end of the first line', async t => {
  const table: [text: string, record: KmsgRecord | undefined][] = [
    ['4,1436357,5001815594,-;np-drop IN=a OUT=b \n', { sequence: 1436357, stamp: 5001815594, end: 42 }],
    ['6,0,0,-;Linux version\n', { sequence: 0, stamp: 0, end: 21 }],
    ['6,17,123,-,caller=T1;text\n SUBSYSTEM=net\n DEVICE=n1\n', { sequence: 17, stamp: 123, end: 25 }],
    ['30,17,123,c;text', { sequence: 17, stamp: 123, end: 16 }],
    ['6,17,123;text\n', { sequence: 17, stamp: 123, end: 13 }],
    ['', undefined],
    ['6,17', undefined],
    ['6,17,123', undefined],
    ['6,,123,-;x\n', undefined],
    [',17,123,-;x\n', undefined],
    ['<6>text\n', undefined],
  ]
  for (const [text, record] of table) t.same(read(text), record, JSON.stringify(text))
})

t.test('readKmsgRecord() reads what was written, and never throws', async t => {
  const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(number, number, fc.string({ unit: 'grapheme-ascii' }), (sequence, stamp, text) => {
      const line = `4,${sequence},${stamp},-;${text.replaceAll('\n', ' ')}`
      t.same(read(`${line}\n`), { sequence, stamp, end: line.length })
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary-ascii' }), text => void read(text)))
})
