import t from 'tap'
import { formatAddress, formatCidr, inCidr, isIPv4, parseAddress, parseCidr } from '../agent/address.ts'

t.test('parseAddress() reads every valid spelling and formatAddress() gives the canonical one', async t => {
  const rows: [string, string][] = [
    ['10.0.1.1', '10.0.1.1'],
    ['010.000.001.001', '10.0.1.1'],
    ['::ffff:203.0.113.10', '203.0.113.10'],
    ['::FFFF:cb00:710a', '203.0.113.10'],
    ['fd00:10:0:1::1', 'fd00:10:0:1::1'],
    ['fd00:0010:0000:0001:0000:0000:0000:0001', 'fd00:10:0:1::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:2:3:4:5:6:7:0', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ]
  for (const [text, canonical] of rows) t.equal(formatAddress(parseAddress(text)!), canonical, text)
})

t.test('parseAddress() refuses what is no address', async t => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.x',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    'x',
  ])
    t.equal(parseAddress(text), undefined, text)
})

t.test('parseCidr() masks host bits and keeps the families apart', async t => {
  t.equal(formatCidr(parseCidr('203.0.113.77/24')!), '203.0.113.0/24')
  t.equal(formatCidr(parseCidr('fd00::1/64')!), 'fd00::/64')
  t.equal(formatCidr(parseCidr('::ffff:10.0.0.0/104')!), '10.0.0.0/8')
  t.equal(formatCidr(parseCidr('0.0.0.0/0')!), '0.0.0.0/0')
  for (const text of ['10.0.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/', 'x/8', '10.0.0.0/-1'])
    t.equal(parseCidr(text), undefined, text)
  const all4 = parseCidr('0.0.0.0/0')!
  const all6 = parseCidr('::/0')!
  t.ok(inCidr(all4, parseAddress('8.8.8.8')!))
  t.notOk(inCidr(all4, parseAddress('2001:db8::1')!))
  t.ok(inCidr(all6, parseAddress('2001:db8::1')!))
  t.notOk(inCidr(all6, parseAddress('8.8.8.8')!))
  t.notOk(inCidr(all6, parseAddress('::ffff:8.8.8.8')!), 'mapped is IPv4')
  t.ok(inCidr(parseCidr('10.128.0.0/9')!, parseAddress('10.200.1.2')!))
  t.notOk(inCidr(parseCidr('10.128.0.0/9')!, parseAddress('10.127.1.2')!))
  t.ok(isIPv4(parseAddress('::ffff:1.2.3.4')!))
})
