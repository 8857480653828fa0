import t from 'tap'
import { ABSENT, addressIn, BAD, createJsonFields, isText, numberIn } from '../../collectors/json-fields.ts'

const read = (text: string) => {
  const fields = createJsonFields(['a', 'b', 'oob.time.sec', ''])
  const bytes = Buffer.from(`${text}\n`)
  const end = fields.read(bytes, 0, bytes.length - 1)
  const value = (field: number): string | undefined =>
    fields.start[field]! < 0 ? undefined : bytes.toString('utf8', fields.start[field]!, fields.end[field]!)
  return { end, bytes, fields, values: [value(0), value(1), value(2), value(3)] }
}

t.test('the values of known members are found, in any order and among any others', async t => {
  const rows: [string, (string | undefined)[]][] = [
    ['{"a":1,"b":"x"}', ['1', '"x"', undefined, undefined]],
    [
      ' { "b" : [1,{"a":2}] , "c":{"a":"}"}, "oob.time.sec": 3 } '.trim(),
      [undefined, '[1,{"a":2}]', '3', undefined],
    ],
    ['{"a":1,"a":2}', ['2', undefined, undefined, undefined]],
    ['{"":null,"a":true}', ['true', undefined, undefined, 'null']],
    ['{}', [undefined, undefined, undefined, undefined]],
    ['{"a":"\\"b\\":1"}', ['"\\"b\\":1"', undefined, undefined, undefined]],
  ]
  for (const [text, expected] of rows) {
    const { values, end } = read(text)
    t.strictSame(values, expected, text)
    t.equal(end, text.length, text)
    for (const [i, name] of ['a', 'b', 'oob.time.sec', ''].entries()) {
      const parsed = JSON.parse(text)[name]
      t.strictSame(values[i] === undefined ? undefined : JSON.parse(values[i]), parsed, `${text} ${name}`)
    }
  }
})

t.test('an object that is not whole is none', async t => {
  for (const text of [
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{a:1}',
    '{"a":"x}',
    '{"a":[1}',
    '{"a" 1}',
  ])
    t.equal(read(text).end, -1, text)
})

t.test('numbers, addresses and texts are read whole or not at all', async t => {
  const number = (value: string): number => {
    const { fields, bytes } = read(`{"a":${value}}`)
    return numberIn(fields, bytes, 0, 65535)
  }
  t.equal(number('65535'), 65535)
  for (const bad of ['65536', '-1', '1.5', '"5"', 'null', '1e3', '99999999999999999999'])
    t.equal(number(bad), BAD, bad)
  const { fields, bytes } = read('{"b":"10.0.0.1","oob.time.sec":"10.0.0.1x"}')
  t.equal(numberIn(fields, bytes, 0, 9), ABSENT)
  const words = new Int32Array(4)
  t.equal(addressIn(fields, bytes, 1, words, 0), true)
  t.equal(addressIn(fields, bytes, 2, words, 0), false)
  t.equal(addressIn(fields, bytes, 0, words, 0), false)
  t.equal(isText(fields, bytes, 1, Buffer.from('10.0.0.1')), true)
  t.equal(isText(fields, bytes, 1, Buffer.from('10.0.0')), false)
})
