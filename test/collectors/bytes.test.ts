import t from 'tap'
import { formatAddress, parseAddress } from '../../agent/address.ts'
import { isCutOf, scanAddress, scanDecimal, scanHex, scanSmall } from '../../collectors/bytes.ts'
import { createRandom } from '../bench/generate.ts'

const bytesOf = (text: string): Uint8Array => Buffer.from(`${text}\n`)

/** The whole text as an address, or undefined. */
function scanned(text: string): string | undefined {
  const words = new Int32Array(6)
  const after = scanAddress(bytesOf(text), 0, words, 1)
  return after === text.length ? formatAddress(words, 1) : undefined
}

t.test('scanAddress() reads what parseAddress() reads, and refuses what it refuses', async t => {
  const texts = [
    '10.0.1.1',
    '010.000.001.001',
    '0.0.0.0',
    '255.255.255.255',
    '256.1.1.1',
    '1.2.3',
    '1.2.3.',
    '1.2.3.4.5',
    '1..2.3',
    '.1.2.3',
    '::',
    '::1',
    '1::',
    '1::2',
    'fe80::64d8:8aff:fe72:fc14',
    'fd00:0010:0244:0001:0000:0000:0000:0012',
    'FD00::AbCd',
    '::ffff:203.0.113.10',
    '::FFFF:cb00:710a',
    '64:ff9b::1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    ':',
    ':::',
    ':1',
    '1:',
    '1:2:',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3',
    '::1.2.3.4.5',
    '1.2.3.4::',
    '1::1.2.3.4:5',
    'fe80::1%eth0',
    '',
    'x',
    '2001:db8',
    '0:0:0:0:0:ffff:1.2.3.4',
    '::ffff:0:1.2.3.4',
  ]
  for (const text of texts) {
    const expected = parseAddress(text)
    t.equal(scanned(text), expected === undefined ? undefined : formatAddress(expected), text)
  }
})

t.test('scanAddress() and parseAddress() agree on random texts', async t => {
  const random = createRandom(7)
  const alphabet = '0123456789abf:.'
  for (let i = 0; i < 200_000; i++) {
    let text = ''
    for (let length = 1 + Math.floor(random() * 18); length > 0; length--)
      text += alphabet[Math.floor(random() * alphabet.length)]
    // parseAddress takes decimals of up to ten digits, a line never has more than three.
    if (/\d{4,}\.|\.\d{4,}/.test(text)) continue
    const expected = parseAddress(text)
    if (scanned(text) !== (expected === undefined ? undefined : formatAddress(expected))) return t.fail(text)
  }
})

t.test('random addresses of both families come back as they were written', async t => {
  const random = createRandom(11)
  for (let i = 0; i < 20_000; i++) {
    const words = Int32Array.from({ length: 4 }, () =>
      random() < 0.3 ? 0 : Math.floor(random() * 2 ** 32) | 0,
    )
    if (random() < 0.5) words.set([0, 0, 0xffff])
    const text = formatAddress(words)
    if (scanned(text) !== text) return t.fail(text)
  }
})

t.test('scanDecimal() reads up to 2^53 - 1 exactly and refuses the rest', async t => {
  const out = new Float64Array(1)
  for (const text of [
    '0',
    '7',
    '123456789',
    '1234567890',
    '4294967295',
    '1795541609664935',
    '9007199254740991',
  ]) {
    t.equal(scanDecimal(bytesOf(text), 0, out, 0), text.length, text)
    t.equal(out[0], Number(text))
  }
  for (const text of ['', 'x', '-1', '9007199254740992', '17955416096649350'])
    t.equal(scanDecimal(bytesOf(text), 0, out, 0), -1, text)
})

t.test('scanSmall() keeps its bound and scanHex() its eight digits', async t => {
  const out = new Int32Array(1)
  t.equal(scanSmall(bytesOf('65535 '), 0, 65535, out, 0), 5)
  t.equal(out[0], 65535)
  for (const text of ['65536', '99999999999', '', ' 1'])
    t.equal(scanSmall(bytesOf(text), 0, 65535, out, 0), -1, text)
  t.equal(scanHex(bytesOf('0xFFFFFFFF'), 0, out, 0), 10)
  t.equal(out[0], -1)
  for (const text of ['0x', '0x123456789', 'ff', '1x1']) t.equal(scanHex(bytesOf(text), 0, out, 0), -1, text)
})

t.test('isCutOf() knows what cutting makes of a number', async t => {
  t.ok(isCutOf(415, 41538))
  t.ok(isCutOf(4, 41538))
  t.notOk(isCutOf(41538, 41538))
  t.notOk(isCutOf(26886, 52717))
  t.notOk(isCutOf(53, 52))
})
