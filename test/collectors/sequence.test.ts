import t from 'tap'
import { createSequences } from '../../collectors/sequence.ts'
import { createRandom } from '../bench/generate.ts'

const lossesOf = (numbers: readonly number[]): number[] => {
  const sequences = createSequences()
  return numbers.map(number => sequences.lostBefore(number))
}

t.test('a loss is what is missing between two numbers, and nothing else is one', async t => {
  const rows: [string, number[], number[]][] = [
    ['without a gap', [0, 1, 2], [0, 0, 0]],
    ['a file that begins in the middle', [500, 501], [0, 0]],
    ['one and three missing', [4, 6, 10], [0, 1, 3]],
    ['a restart', [7, 8, 0, 1, 3], [0, 0, 0, 0, 1]],
    ['a restart whose first lines are missing', [700, 701, 5, 6], [0, 0, 0, 0]],
    ['two groups in one file', [0, 0, 1, 1, 2, 2, 3, 3], [0, 0, 0, 0, 0, 0, 0, 0]],
  ]
  for (const [name, numbers, losses] of rows) t.strictSame(lossesOf(numbers), losses, name)
})

t.test('a sequence that was begun anew is over, so that a loss of the new one keeps its size', async t => {
  const first = Array.from({ length: 300 }, (_, i) => i)
  const second = Array.from({ length: 100 }, (_, i) => i)
  const losses = lossesOf([...first, ...second, 400])
  t.equal(losses.at(-1), 300)
  t.equal(
    losses.slice(0, -1).every(lost => lost === 0),
    true,
  )
})

t.test('after a line that could not be read nothing is claimed, once', async t => {
  const sequences = createSequences()
  sequences.lostBefore(1)
  sequences.blur()
  t.equal(sequences.lostBefore(3), 0)
  t.equal(sequences.lostBefore(6), 2)
})

t.test('of one producer, what is said to be lost is what was lost', async t => {
  const random = createRandom(11)
  for (let run = 0; run < 200; run++) {
    const sequences = createSequences()
    let said = 0
    let lost = 0
    let pending = 0
    let isFirst = true
    for (let number = 0; number < 300; number++) {
      if (random() < 0.1) {
        pending += isFirst ? 0 : 1
        continue
      }
      said += sequences.lostBefore(number)
      lost += pending
      pending = 0
      isFirst = false
    }
    if (said !== lost) t.fail(`${said} said of ${lost}`)
  }
})
