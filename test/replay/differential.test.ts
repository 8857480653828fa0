// `culprit replay` against a literal reading of DESIGN, over random worlds and random logs about them. REPLAY_SEED and
// REPLAY_WORLDS choose other scenes or more of them.

import t from 'tap'
import { casesOf } from '../random-cases.ts'
import {
  compareRecords,
  countFlows,
  expectedFlows,
  expectedStats,
  type Played,
  playOf,
  replay,
  stage,
} from './differential.ts'

const firstSeed = Number(process.env.REPLAY_SEED ?? 1200)
const scenes = casesOf(8, 32, 'REPLAY_WORLDS')
const seeds = Array.from({ length: scenes }, (_, index) => firstSeed + index)
const shown = 5

t.test('replay says of every line of a random log what the text says', async t => {
  const folder = t.testdir({})
  let differences = 0
  for (const seed of seeds) {
    const play = playOf(seed)
    const { records } = await replay([...stage(play, folder), '--fold', 'off'])
    for (const { text, context } of compareRecords(play, records)) {
      if (++differences <= shown) t.fail(`${text}\n${context}`)
    }
  }
  t.equal(differences, 0, `of ${scenes} scenes`)
})

t.test('replay counts what is there, folded or not, and folding loses no flow', async t => {
  const folder = t.testdir({})
  const counted = ({ stats, records }: Played) => ({ stats, flows: countFlows(records) })
  for (const seed of seeds.slice(0, 12)) {
    const play = playOf(seed)
    const argv = stage(play, folder)
    for (const fold of ['off', 'on']) {
      const played = await replay([...argv, '--fold', fold])
      const wanted = { stats: expectedStats(play, played.records), flows: expectedFlows(play) }
      t.match(counted(played), wanted, `seed ${seed}, --fold ${fold}`)
    }
  }
})

// A differential test over logs in which nothing happens proves nothing, so what happens is counted.
t.test('the logs hold every outcome often enough', t => {
  const seen = seeds.flatMap(seed => playOf(seed).logs.flatMap(log => log.seen))
  const least: Readonly<Record<string, number>> = {
    allowed: 5,
    denied: 10,
    rejected: 2,
    audited: 1,
    unanswered: 1,
    none: 2,
  }
  for (const [verdict, perScene] of Object.entries(least)) {
    const count = seen.filter(one => one.verdict === verdict).length
    t.ok(count >= perScene * scenes, `${verdict}: ${count}`)
  }
  t.end()
})
