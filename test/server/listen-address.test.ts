import t from 'tap'
import { addressText, parseListenAddress } from '../../agent/server/listen-address.ts'

const addresses: readonly [string, { host: string | undefined; port: number } | undefined][] = [
  ['0.0.0.0:9464', { host: '0.0.0.0', port: 9464 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  [':9464', { host: undefined, port: 9464 }],
  ['[::]:9464', { host: '::', port: 9464 }],
  ['[fe80::1%eth0]:80', undefined],
  ['::9464', undefined],
  ['9464', undefined],
  ['0.0.0.0:65536', undefined],
  ['0.0.0.0:', undefined],
  ['http://0.0.0.0:1', undefined],
  ['', undefined],
]

for (const [text, address] of addresses)
  t.test(`"${text}" is ${address === undefined ? 'no address to listen on' : 'read'}`, async t => {
    t.same(parseListenAddress(text), address)
  })

t.test('an address is told as it can be dialled', async t => {
  t.equal(addressText({ address: '::1', port: 1, family: 'IPv6' }), '[::1]:1')
  t.equal(addressText({ address: '10.0.0.1', port: 1, family: 'IPv4' }), '10.0.0.1:1')
})
