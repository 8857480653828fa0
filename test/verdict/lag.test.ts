import t from 'tap'
import { createLagLearner } from '../../agent/verdict/lag.ts'

const seconds = (least: number, most = least + 1) => ({ delay: [least * 1e6, most * 1e6] as const })

t.test('what is learnt is never shorter than what is taken for granted', async t => {
  const lag = createLagLearner()
  t.equal(lag.learn([seconds(0.05), seconds(0.2)]), undefined)
  t.equal(lag.lagMs, 5000)
})

t.test('the longest delay that was seen counts half as long again, up to a minute', async t => {
  const lag = createLagLearner()
  t.equal(lag.learn([seconds(8)]), 12_000)
  t.equal(lag.learn([seconds(3)]), undefined)
  t.equal(lag.learn([seconds(400)]), 60_000)
})

t.test('what it took at most says nothing: there may have been no traffic', async t => {
  t.equal(createLagLearner().learn([seconds(0.1, 300)]), undefined)
})

t.test('old measurements are forgotten', async t => {
  const lag = createLagLearner()
  lag.learn([seconds(8)])
  t.equal(lag.learn(Array.from({ length: 99 }, () => seconds(0.1))), undefined)
  t.equal(lag.learn([seconds(0.1)]), 5000)
})
