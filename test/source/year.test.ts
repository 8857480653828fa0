import t from 'tap'
import { guessYear } from '../../agent/source/year.ts'

const at = (iso: string) => Date.parse(iso) * 1000
const head = (text: string) => Buffer.from(text)

t.test('guessYear() takes the year nearest before the last change of the file', async t => {
  const rows: [string, string, number][] = [
    ['Nov 24 10:00:00 node kernel: x', '2026-11-24T12:00:00Z', 2026],
    ['Dec 31 23:59:59 node kernel: x\nJan  1 00:00:01', '2027-01-01T00:00:02Z', 2026],
    ['Jan  1 00:00:01 node kernel: x', '2026-12-31T23:30:00Z', 2026],
    ['Jan  1 01:00:01 node kernel: x', '2027-01-01T00:30:00Z', 2027],
    ['<4>Dec  4 01:30:07 node3 kernel:', '2026-03-01T00:00:00Z', 2025],
    ['2026-08-21T18:10:17Z x', '2026-11-24T12:00:00Z', 2026],
    ['I1231 23:59:59.257809       1 logging.go:67] x', '2027-01-01T00:00:02Z', 2026],
    ['2027-01-01T00:00:00Z stderr F I0101 00:00:00.257809 1 x', '2027-01-01T00:00:02Z', 2027],
    ['Nov 20 09:52:01 n kernel: x\nDec 10 09:52:01 n kernel: x', '2026-11-24T12:00:00Z', 2025],
    ['no stamp', '2020-01-01T00:00:00Z', 2020],
  ]
  for (const [text, modified, year] of rows)
    t.equal(guessYear(head(text), at(modified)), year, `${text} / ${modified}`)
})
