import t from 'tap'
import { formatAddress, inCidr, parseAddress, parseCidr } from '../../agent/address.ts'
import { contains, readBlock, readIp, writeIp } from './addresses.ts'
import { createRandom } from './random.ts'

const texts = [
  '203.0.113.10',
  '010.001.000.255',
  '256.1.1.1',
  '1.2.3',
  '1.2.3.4.5',
  '',
  '::',
  '::1',
  '1::',
  '::ffff:203.0.113.10',
  '::FFFF:cb00:710a',
  '0:0:0:0:0:ffff:1.2.3.4',
  '2001:db8::0:0:1',
  '2001:db8:0:0:1:0:0:1',
  '2001:0db8:0000:0000:0000:0000:0000:0001',
  '1:0:2:0:0:3:4:5',
  '1:2:3:4:5:6:7::',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7:8::',
  '1:2:3:4:5:6:7',
  '::1::',
  ':1',
  '1:',
  ':::',
  '12345::',
  'fe80::1%eth0',
  'g::',
  '1.2.3.4::',
  '::1.2.3.4',
  '64:ff9b::1.2.3.4',
]

t.test('both address readers read and write every spelling alike', t => {
  for (const text of texts) {
    const ours = readIp(text)
    const theirs = parseAddress(text)
    t.equal(ours && writeIp(ours), theirs && formatAddress(theirs), JSON.stringify(text))
  }
  t.end()
})

t.test('both block readers hold the same addresses', t => {
  const random = createRandom(1)
  const bases = [
    '10.1.2.3',
    '::ffff:10.1.2.3',
    '::',
    '0.0.0.0',
    'fd00::ffff:1',
    '2001:db8::1',
    '::fffe:ffff:0',
    '::ffff:0:0',
  ]
  let differences = 0
  for (let round = 0; round < 20000; round++) {
    const base = random.pick(bases)
    const block = `${base}/${random.between(0, base.includes(':') ? 130 : 34)}`
    const near = readIp(random.pick(bases))!
    const value = near.value ^ (1n << BigInt(random.below(near.family === 4 ? 32 : 128)))
    const text = random.chance(0.3) ? writeIp(near) : writeIp({ ...near, value })
    const ours = readBlock(block)
    const theirs = parseCidr(block)
    const isIn = ours && contains(ours, readIp(text)!)
    if (isIn !== (theirs && inCidr(theirs, parseAddress(text)!)) && ++differences < 5)
      t.fail(`${text} in ${block}: ${isIn}`)
  }
  t.equal(differences, 0)
  t.end()
})
