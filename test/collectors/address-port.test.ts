import t from 'tap'
import { formatAddress } from '../../agent/address.ts'
import { readAddressPort } from '../../collectors/address-port.ts'

t.test('readAddressPort() takes the last colon for the port', async t => {
  const rows: [string, string | undefined][] = [
    ['10.244.1.11:45130', '10.244.1.11 45130'],
    ['fd00:10:244::11:53', 'fd00:10:244::11 53'],
    ['fd00:1:2:3:4:5:6:7:53', 'fd00:1:2:3:4:5:6:7 53'],
    ['::1:80', '::1 80'],
    ['[fd00::1]:80', 'fd00::1 80'],
    ['10.244.1.11:0', '10.244.1.11 0'],
    ['10.244.1.11:65536', undefined],
    ['10.244.1.11:', undefined],
    ['10.244.1.11', undefined],
    ['10.244.1.256:80', undefined],
    ['fd00::1', undefined],
    [':80', undefined],
    ['[fd00::1:80', undefined],
    ['', undefined],
    [`${'f'.repeat(80)}:80`, undefined],
  ]
  const words = new Int32Array(4)
  const ports = new Int32Array(1)
  for (const [text, expected] of rows) {
    const bytes = Buffer.from(`${text}\n`)
    const isRead = readAddressPort(bytes, 0, bytes.length - 1, words, 0, ports, 0)
    t.equal(isRead ? `${formatAddress(words, 0)} ${ports[0]}` : undefined, expected, text)
  }
})
