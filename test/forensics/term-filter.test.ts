import t from 'tap'
import { passes, termFilter } from '../../agent/forensics/term-filter.ts'

const termsOf = (namespace: string, count: number) =>
  Array.from({ length: count }, (_, i) => `w:${namespace}/Zürich-${i}-6c9f7d4b8-x2v9k`)

for (const count of [0, 1, 7, 300, 4096])
  t.test(`of ${count} terms none is denied, and few others are let through`, async t => {
    const terms = termsOf('shop', count)
    const filter = Buffer.from(termFilter(terms), 'base64')
    t.ok(terms.every(term => passes(filter, term)))
    const foreign = termsOf('data', 10_000).filter(term => passes(filter, term))
    t.ok(foreign.length < 150, `${foreign.length} of 10000`)
  })

t.test('its bits stay as they are: they stand in files', async t => {
  t.equal(
    termFilter(['e:flow.denied', 'p:data/pg-ingress', 'n:shop']),
    'AAAAAEACAAAAAAQAAAABAAAIAAAAAQAEIAAAAAAAAMAQAAAAgAAAAgBAAAAAAAggAAAAAQAgAAAAAAgAhAAAAA==',
  )
})
