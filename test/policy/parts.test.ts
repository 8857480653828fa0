import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  type Cidr,
  formatAddress,
  formatCidr,
  inCidr,
  maskAddress,
  parseAddress,
} from '../../agent/address.ts'
import { CidrTrie } from '../../agent/policy/cidr-trie.ts'
import { MemoTable } from '../../agent/policy/memo-table.ts'
import { Overlay } from '../../agent/policy/overlay.ts'

/** Addresses that share prefixes often, of both families. */
const address = fc
  .tuple(fc.boolean(), fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: 4, maxLength: 4 }))
  .map(
    ([isV4, bytes]) =>
      parseAddress(isV4 ? bytes.join('.') : `fd00::${bytes.map(byte => byte.toString(16)).join(':')}`)!,
  )
const cidr = fc
  .tuple(address, fc.nat({ max: 128 }))
  .map(([words, bits]): Cidr => ({ address: maskAddress(words, bits), bits }))

t.test('CidrTrie finds the longest CIDR that holds an address', async t => {
  const holds = () =>
    fc.assert(
      fc.property(
        fc.array(cidr, { maxLength: 30 }),
        fc.array(address, { maxLength: 20 }),
        (cidrs, addresses) => {
          const trie = new CidrTrie()
          const ids = cidrs.map(each => trie.add(each))
          deepEqual(
            ids.map(id => formatCidr(trie.cidrs[id]!)),
            cidrs.map(formatCidr),
          )
          for (const words of addresses) {
            const holding = cidrs.filter(each => inCidr(each, words)).sort((a, b) => b.bits - a.bits)
            const id = trie.find(words, 0)
            equal(id < 0 ? undefined : trie.cidrs[id]!.bits, holding[0]?.bits, formatAddress(words))
          }
        },
      ),
      { numRuns: 200 },
    )
  t.doesNotThrow(holds)
})

t.test('Overlay is a map that its editions do not share', async t => {
  const edits = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.option(fc.nat(), { nil: undefined })), {
    minLength: 20,
    maxLength: 90,
  })
  const holds = () =>
    fc.assert(
      fc.property(fc.array(edits, { minLength: 2, maxLength: 8 }), steps => {
        let overlay = new Overlay<number, number>()
        const model = new Map<number, number>()
        for (const step of steps) {
          const before = [...overlay.entries()]
          const old = overlay
          const edit = overlay.edit()
          for (const [key, value] of step) {
            edit.set(key, value)
            if (value === undefined) model.delete(key)
            else model.set(key, value)
          }
          overlay = edit.done()
          deepEqual([...old.entries()], before)
          deepEqual(new Map(overlay.entries()), model)
          for (let key = 0; key <= 60; key++) equal(overlay.get(key), model.get(key))
        }
      }),
      { numRuns: 50 },
    )
  t.doesNotThrow(holds)
})

t.test('MemoTable remembers every answer while it grows', async t => {
  const table = new MemoTable()
  const answers = new Map<string, boolean>()
  for (let i = 0; i < 3000; i++) {
    const [row, column] = [(i * 37) % 91, (i * 101) % 257]
    const yes = (i & 4) === 0
    if (answers.has(`${row} ${column}`)) continue
    equal(table.get(row, column), 0)
    table.set(row, column, yes)
    answers.set(`${row} ${column}`, yes)
  }
  for (const [key, yes] of answers) {
    const [row, column] = key.split(' ').map(Number) as [number, number]
    equal(table.get(row, column), yes ? 2 : 1)
  }
  t.ok(answers.size > 1000)
})
