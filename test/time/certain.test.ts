// The property that decides (shared/kubernetes/TIMELINE.md section 5): whatever culprit calls certain is true. TIME_SEED and
// TIME_SCHEDULES choose other schedules or more of them.

import t from 'tap'
import { casesOf } from '../random-cases.ts'
import { compare } from './compare.ts'
import { calm, type Hazards, wild } from './hazards.ts'
import { play, type Told } from './play.ts'

const firstSeed = Number(process.env.TIME_SEED ?? 1)
const schedules = casesOf(5, 20, 'TIME_SCHEDULES')
const packets = 40
const shown = 3

interface Sum {
  flows: number
  answers: number
  certain: number
  readonly wrong: string[]
}

function sumOver(hazards: Hazards): Sum {
  const sum: Sum = { flows: 0, answers: 0, certain: 0, wrong: [] }
  for (let seed = firstSeed; seed < firstSeed + schedules; seed++)
    for (const told of play(seed, hazards, packets).told) add(sum, told, seed)
  return sum
}

function add(sum: Sum, { packet, record, lines }: Told, seed: number): void {
  sum.flows++
  if (record === undefined) {
    sum.wrong.push(`seed ${seed}: no record of ${lines[0]}`)
    return
  }
  const { answers, certain, wrong } = compare(packet, record)
  sum.answers += answers
  sum.certain += certain
  for (const text of wrong)
    sum.wrong.push(`seed ${seed}, ${packet.at} s: ${text}\n${lines[0]}\n${JSON.stringify(record)}`)
}

const rows: readonly (readonly [string, Hazards])[] = [
  ['nothing late', { ...wild, watchDelay: 0, lag: 0 }],
  ['a data plane that lags', { ...wild, watchDelay: 0 }],
  ['a watch that is late', { ...wild, lag: 0 }],
  ['both late', wild],
  ['a data plane that learns late of pods', { ...wild, watchDelay: 0, latePeers: true }],
  ['a clock stepped ahead by 2 s', { ...wild, step: 2 }],
  ['a clock set back by 2 s', { ...wild, step: -2 }],
  ['outages', { ...wild, outages: true }],
  ['stamps of whole seconds', { ...wild, coarse: true }],
  ['an API clock 90 s ahead', { ...wild, skew: 90 }],
  ['an API clock 3 s ahead', { ...wild, skew: 3 }],
  ['an API clock 90 s behind', { ...wild, skew: -90 }],
  ['everything at once', { ...wild, latePeers: true, outages: true, coarse: true, skew: 3 }],
  ['no reuse', { ...wild, reuse: [] }],
]

let all = 0

for (const [name, hazards] of rows)
  t.test(`whatever is certain is true: ${name}`, async t => {
    const { flows, answers, certain, wrong } = sumOver(hazards)
    for (const text of wrong.slice(0, shown)) t.fail(text)
    t.equal(wrong.length, 0, `of ${flows} flows`)
    all += flows
    t.comment(
      `${name}: ${flows} flows, ${Math.round((100 * certain) / answers)} % of ${answers} answers certain`,
    )
  })

// A property over few flows proves little.
t.test('there were five hundred flows and more for each schedule', async t => {
  t.ok(all >= 500 * schedules, String(all))
})

t.test('far from every change everything is certain', async t => {
  const { flows, answers, certain, wrong } = sumOver(calm)
  t.strictSame(wrong, [])
  t.equal(certain, answers, `of ${flows} flows`)
  t.ok(flows > 100)
})
