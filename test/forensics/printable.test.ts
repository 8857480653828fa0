import fc from 'fast-check'
import t from 'tap'
import { printable, withoutControl } from '../../agent/forensics/printable.ts'

t.test('printable() lets nothing through that a terminal acts on', async t => {
  t.equal(printable('np-drop shop/cart'), 'np-drop shop/cart')
  t.equal(printable('\x1b[2J\x07'), '\\x1b[2J\\x07')
  t.equal(printable('a\nb\rc\td'), 'a\\x0ab\\x0dc\\x09d')
  t.equal(printable('\u202egnp.exe'), '\\u{202e}gnp.exe')
  t.equal(printable('\\x1b'), '\\\\x1b', 'an escape cannot be forged')
  t.equal(printable('x'.repeat(1000), 10), `${'x'.repeat(10)}…`)
})

t.test('printable() gives printable ASCII for any text', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => /^[ -~]*…?$/.test(printable(text)))),
  )
})

t.test(
  'withoutControl() keeps sentences as they are and lets nothing through that a terminal acts on',
  async t => {
    t.equal(withoutControl('Kann „Größe“ nicht lesen…\nnext line'), 'Kann „Größe“ nicht lesen…\nnext line')
    t.equal(withoutControl('a\x1b[2J\x9b\r\u202eb'), 'a\\x1b[2J\\x9b\\x0d\\u{202e}b')
  },
)
