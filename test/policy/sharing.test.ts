import t from 'tap'
import { createSharing } from '../../agent/policy/sharing.ts'

const labels = () => ({ app: 'cart', tier: 'web' })

t.test('equal parts become one, and say what they said', async t => {
  const share = createSharing()
  const [a, b] = [
    share({ name: 'a', labels: labels(), ports: [{ port: 1 }, { port: 2 }] }),
    share({ name: 'b', labels: labels(), ports: [{ port: 1 }, { port: 2 }] }),
  ]
  t.not(a, b)
  t.equal(a.labels, b.labels)
  t.equal(a.ports, b.ports)
  t.strictSame([a.name, b.name], ['a', 'b'])
  t.strictSame(b, { name: 'b', labels: labels(), ports: [{ port: 1 }, { port: 2 }] })
})

t.test('equal words of an address become one', async t => {
  const share = createSharing()
  t.equal(share(Int32Array.of(1, 2)), share(Int32Array.of(1, 2)))
  t.not(share(Int32Array.of(1, 2)), share(Int32Array.of(1, 3)))
  t.not(share<unknown>([1, 2]), share<unknown>(Int32Array.of(1, 2)))
})

t.test('what differs stays apart', async t => {
  const pairs: [unknown, unknown][] = [
    [{ a: 1 }, { a: '1' }],
    [{ a: undefined }, {}],
    [{ a: null }, { a: undefined }],
    [{ a: 0 }, { a: -0 }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: 1 }, { b: 1 }],
    [['a', 'b'], { a: 'b' }],
    [[], {}],
    [[[1], 2], [[1, 2]]],
    [{ 0: 1 }, [1]],
  ]
  for (const [one, other] of pairs) {
    const share = createSharing()
    t.not(share(one), share(other), JSON.stringify([one, other]))
    t.strictSame([share(one), share(other)], [one, other])
  }
})

t.test('a number that is none is equal to itself', async t => {
  const share = createSharing()
  t.equal(share({ at: Number.NaN }), share({ at: Number.NaN }))
})

t.test('an object of a class is nobody else', async t => {
  const share = createSharing()
  const [one, other] = [new Map([[1, 2]]), new Map([[1, 2]])]
  t.equal(share({ map: one }).map, one)
  t.equal(share({ map: other }).map, other)
})

t.test('a key of the name __proto__ is a key like any other', async t => {
  const share = createSharing()
  const value = JSON.parse('{"a": {"__proto__": {"b": 1}}}') as { a: object }
  t.equal(Object.getPrototypeOf(share(value).a), Object.prototype)
  t.same(Object.keys(share(value).a), ['__proto__'])
})

t.test('text that nests deeper than calls can is taken as it is', async t => {
  const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000)) as unknown
  t.doesNotThrow(() => createSharing()({ deep }))
})

t.test('what is frozen is left as it is', async t => {
  const share = createSharing()
  share({ a: labels() })
  const frozen = Object.freeze({ b: labels() })
  t.strictSame(share(frozen), { b: labels() })
})
