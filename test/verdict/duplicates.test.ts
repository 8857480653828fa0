import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { createDuplicates } from '../../agent/verdict/duplicates.ts'
import { createFlow, type Flow, Notice, Proto, Verdict } from '../../collectors/flow.ts'

const T0 = 1_790_000_000_000_000

function flow(notice: Notice, ms: number, fields: Partial<Flow> = {}): Flow {
  const made = {
    ...createFlow(),
    proto: Proto.tcp,
    sport: 40000,
    dport: 80,
    verdict: Verdict.denied,
    notice,
    time: T0 + ms * 1000,
    ...fields,
  } as Flow
  made.address.set(parseAddress('10.0.0.1')!, 0)
  made.address.set(parseAddress('10.0.0.2')!, 4)
  return made
}

function run(flows: readonly Flow[]): { passed: string[]; dropped: number } {
  const passed: string[] = []
  const text = (f: Flow) =>
    `${f.notice === Notice.verdict ? 'verdict' : f.notice === Notice.drop ? 'drop' : 'other'}@${(f.time - T0) / 1000}:${f.sport}`
  const duplicates = createDuplicates(f => passed.push(text(f)))
  for (const each of flows) if (duplicates.observe(each)) passed.push(text(each))
  duplicates.drain()
  return { passed, dropped: duplicates.dropped }
}

t.test(
  'of a verdict and a drop that tell of one packet the verdict is kept, whichever comes first',
  async t => {
    t.same(run([flow(Notice.verdict, 0), flow(Notice.drop, 0.02)]), {
      passed: ['verdict@0:40000'],
      dropped: 1,
    })
    t.same(run([flow(Notice.drop, 0), flow(Notice.verdict, 0.02)]), {
      passed: ['verdict@0.02:40000'],
      dropped: 1,
    })
  },
)

t.test('two packets are never merged', async t => {
  const { verdict, drop } = Notice
  t.same(run([flow(verdict, 0), flow(verdict, 0.01)]).passed.length, 2, 'two verdicts')
  t.same(run([flow(drop, 0), flow(drop, 0.01)]).passed.length, 2, 'two drops')
  t.same(
    run([flow(verdict, 0), flow(drop, 0.01), flow(drop, 0.02)]).passed,
    ['verdict@0:40000', 'drop@0.02:40000'],
    'one verdict stands for one drop',
  )
  t.same(run([flow(verdict, 0), flow(drop, 1000)]).passed.length, 2, 'a SYN that is sent again')
  t.same(run([flow(verdict, 0), flow(drop, 0.01, { sport: 40001 })]).passed.length, 2, 'another port')
  t.same(run([flow(verdict, 0), flow(drop, 0.01, { proto: Proto.udp })]).passed.length, 2, 'another protocol')
})

t.test('a drop without a verdict goes on when its moment is over, and at the end', async t => {
  t.same(run([flow(Notice.drop, 0), flow(Notice.drop, 500, { sport: 1 })]).passed, [
    'drop@0:40000',
    'drop@500:1',
  ])
  const many = Array.from({ length: 1000 }, (_, i) => flow(Notice.drop, 0, { sport: i }))
  t.equal(run(many).passed.length, 1000, 'however many are held at a time')
  t.same(
    run([flow(Notice.drop, Number.NaN), flow(Notice.drop, Number.NaN)]).passed.length,
    2,
    'without times',
  )
})

t.test('other lines pass', async t => {
  t.same(run([flow(Notice.none, 0), flow(Notice.trace, 0)]), {
    passed: ['other@0:40000', 'other@0:40000'],
    dropped: 0,
  })
})

t.test('a SYN that Weave prints twice at once is one packet, and only its twin is taken out', async t => {
  const { twin } = Notice
  t.same(run([flow(twin, 0), flow(twin, 0.02)]), { passed: ['other@0:40000'], dropped: 1 })
  t.equal(run([flow(twin, 0), flow(twin, 0.02), flow(twin, 0.04)]).passed.length, 2, 'a third line')
  t.equal(run([flow(twin, 0), flow(twin, 1.1)]).passed.length, 2, 'more than a millisecond apart')
  t.equal(run([flow(twin, 0), flow(twin, 1000), flow(twin, 3000)]).passed.length, 3, 'sent again')
  t.equal(run([flow(twin, 0), flow(twin, 0.02, { sport: 40001 })]).passed.length, 2, 'another port')
  t.equal(run([flow(twin, 0), flow(Notice.drop, 0.02)]).passed.length, 2, "another producer's")
  t.equal(run([flow(twin, Number.NaN), flow(twin, Number.NaN)]).passed.length, 2, 'no time')
})
