import t from 'tap'
import { shrink } from './shrink.ts'

t.test('shrink() keeps only what the failure needs', t => {
  const value = {
    pods: [1, 2, 3],
    spec: { a: [{ b: 1, c: 2 }], d: {} },
    dns: { a: [] },
    other: { kept: true },
  }
  const small = shrink(
    value,
    candidate => candidate.pods.includes(2) && JSON.stringify(candidate).includes('"c":2'),
  )
  t.strictSame(small, { pods: [2], spec: { a: [{ c: 2 }] }, dns: {}, other: { kept: true } })
  t.end()
})

t.test('shrink() leaves alone what cannot be made smaller', t => {
  t.strictSame(
    shrink([1, 2], candidate => candidate.length === 2),
    [1, 2],
  )
  t.end()
})
