// A queue of flows that is rebuilt from what another told of holds what that one held.

import fc from 'fast-check'
import t from 'tap'
import {
  flowJson,
  flowOfJson,
  joinChanges,
  NO_CHANGES,
  type PipelineChanges,
} from '../../agent/pipeline-state.ts'
import { createHold, type Hold } from '../../agent/verdict/hold.ts'
import { createFlow, type Flow } from '../../collectors/flow.ts'

const limits = { ms: 2000, capacity: 4, maxBytes: 1 << 20 }

function flowOf(sport: number): Flow {
  return { ...createFlow(), sport, time: Number.NaN }
}

function told(hold: Hold<Flow>, all?: boolean): PipelineChanges {
  const { came, went } = hold.changes(all)
  const changes = {
    ...NO_CHANGES,
    held: { came: came.map(({ id, item }) => ({ id, item: flowJson(item) })), went },
  }
  return JSON.parse(JSON.stringify(changes))
}

t.test('changes that follow each other name every flow that waits, and no other', async t => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('know' as const), which: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(2500) }) },
    { weight: 3, arbitrary: fc.constantFrom({ do: 'tell' as const }, { do: 'whole' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  )
  const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
    const gone: number[] = []
    const known = new Set<number>()
    let hold = createHold<Flow>(limits, ({ sport }) => gone.push(sport))
    let changes: PipelineChanges[] = []
    let next = 0
    let now = 0
    hold.advance(now, () => true)
    for (const each of steps) {
      if (each.do === 'push') hold.push(flowOf(next++), 1, 0)
      else if (each.do === 'know') known.add(each.which)
      else if (each.do === 'wait') {
        now += each.ms
        hold.advance(now, ({ sport }) => !known.has(sport))
      } else if (each.do === 'whole') {
        hold.changes()
        changes = [told(hold, true)]
      } else {
        changes.push(told(hold))
        const waiting = joinChanges(changes).held.came.map(({ item }) => flowOfJson(item))
        const model = Array.from({ length: next }, (_, i) => i).filter(i => !gone.includes(i))
        if (String(waiting.map(({ sport }) => sport)) !== String(model))
          throw new Error(`${waiting.map(({ sport }) => sport)}, not ${model}`)
        if (each.do === 'tell') continue
        hold = createHold<Flow>(limits, ({ sport }) => gone.push(sport))
        hold.advance(now, () => true)
        for (const flow of waiting) hold.push(flow, 1, 0)
        hold.changes()
        changes = [told(hold, true)]
      }
    }
    hold.drain()
    if (gone.toSorted((a, b) => a - b).join() !== Array.from({ length: next }, (_, i) => i).join())
      throw new Error(`went ${gone} of ${next}`)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})
