import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { formatAddress, parseAddress } from '../../agent/address.ts'
import { AddressMap } from '../../agent/timeline/address-map.ts'

const byte = fc.nat({ max: 255 })
/** Neighbours, the same last word in both families, and addresses whose last words are powers of two apart. */
const address = fc.oneof(
  fc.tuple(byte, byte).map(([a, b]) => `10.0.${a}.${b}`),
  byte.map(a => `${a}.0.0.0`),
  fc.tuple(byte, byte).map(([a, b]) => `fd00:${a.toString(16)}::a00:${b.toString(16)}`),
)
const step = fc.tuple(fc.constantFrom('set', 'ensure'), address, fc.nat())

t.test('AddressMap is a map whose keys are addresses, wherever their words lie', async t => {
  const holds = () =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), address, (steps, other) => {
        const map = new AddressMap<number>()
        const model = new Map<string, number>()
        for (const [how, text, value] of steps) {
          const words = Int32Array.of(7, ...parseAddress(text)!)
          const key = formatAddress(parseAddress(text)!)
          if (how === 'set' || !model.has(key)) model.set(key, value)
          if (how === 'set') map.set(words, 1, value)
          else
            deepEqual(
              map.ensure(words, 1, () => value),
              model.get(key),
            )
        }
        for (const text of [...model.keys(), other]) {
          const words = parseAddress(text)!
          deepEqual(map.get(words), model.get(formatAddress(words)))
        }
      }),
      { numRuns: 200 },
    )
  t.doesNotThrow(holds)
})
