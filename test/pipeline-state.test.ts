// What a pipeline has taken and not written, through JSON and back.

import t from 'tap'
import { parseAddress } from '../agent/address.ts'
import {
  duplicatesJson,
  duplicatesOfJson,
  flowJson,
  flowOfJson,
  isEmpty,
  joinChanges,
  NO_CHANGES,
} from '../agent/pipeline-state.ts'
import { createDuplicates } from '../agent/verdict/duplicates.ts'
import { createFlow, type Flow, Notice, Verdict } from '../collectors/flow.ts'

const through = <T>(value: T): T => JSON.parse(JSON.stringify(value))

function flow(time: number, fields: Partial<Flow> = {}): Flow {
  const made = { ...createFlow(), verdict: Verdict.denied, time, sport: 4000, dport: 80, proto: 6, ...fields }
  made.address.set(parseAddress('10.0.0.1')!, 0)
  made.address.set(parseAddress('fd00::2')!, 4)
  return made as Flow
}

t.test('a flow is the same again, but for what only its line means', async t => {
  const reported = { by: 'cilium', verdict: 'denied', policies: ['shop/db-in'], as: 'x' }
  const names = { source: { kind: 'pod' as const, ns: 'shop', prefix: 'web-' } }
  const origin = { format: 'hubble', stream: 's', file: '/log' }
  for (const each of [
    flow(1_790_000_000_000_000),
    flow(Number.NaN),
    flow(1, { reported, names, origin, offset: 7, bytes: 3, flowId: 9 }),
  ])
    t.strictSame(flowOfJson(through(flowJson(each))), each)
})

t.test('changes are joined: what came and went is gone, and nothing is nothing', async t => {
  const item = flowJson(flow(1))
  const joined = joinChanges([
    { fold: [[0, null]], held: { came: [1, 2].map(id => ({ id, item })), went: [] } },
    { fold: [[1, null]], held: { came: [{ id: 3, item }], went: [1] } },
  ])
  t.strictSame(joined, {
    fold: [
      [0, null],
      [1, null],
    ],
    held: { came: [2, 3].map(id => ({ id, item })), went: [] },
  })
  t.ok(isEmpty(NO_CHANGES))
  t.notOk(isEmpty(joined))
  t.strictSame(joinChanges([]), NO_CHANGES)
})

t.test('duplicates are known after a restart at any moment', async t => {
  const at = 1_790_000_000_000_000
  const lines = [
    flow(at, { notice: Notice.drop }),
    flow(at + 20, { notice: Notice.verdict }),
    flow(at + 300_000, { notice: Notice.verdict, sport: 4001 }),
    flow(at + 300_020, { notice: Notice.drop, sport: 4001 }),
    flow(at + 600_000, { notice: Notice.twin, sport: 4002 }),
    flow(at + 600_020, { notice: Notice.twin, sport: 4002 }),
    flow(at + 900_000, { notice: Notice.drop, sport: 4003 }),
    flow(Number.NaN, { notice: Notice.drop, sport: 4004 }),
    flow(at + 1_200_000, { notice: Notice.drop, sport: 4005 }),
  ]
  const text = ({ notice, sport, time }: Flow) => `${notice} ${sport} ${time}`
  const run = (crashAt: number): string[] => {
    const passed: string[] = []
    let duplicates = createDuplicates(each => passed.push(text(each)))
    for (const [i, each] of lines.entries()) {
      if (i === crashAt) {
        const state = duplicates.state()
        duplicates = createDuplicates(each => passed.push(text(each)))
        if (state !== undefined) duplicates.restore(duplicatesOfJson(through(duplicatesJson(state))))
      }
      if (duplicates.observe(each)) passed.push(text(each))
    }
    duplicates.drain()
    return passed
  }
  for (let i = 0; i < lines.length; i++) t.strictSame(run(i), run(-1), `before line ${i}`)
  t.equal(createDuplicates(() => {}).state(), undefined)
})
