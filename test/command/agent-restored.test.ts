// What somebody did to the state of an earlier run is found before anything is made of it.

import t from 'tap'
import { wrongWithRestored } from '../../agent/command/agent-restored.ts'
import type { Restored } from '../../agent/source/checkpoint.ts'

const held = { came: [], went: [] }
const good = {
  at: 1,
  sources: { a: { position: { any: 'thing' }, intakes: { '/log': { time: 5 } } }, b: { position: null } },
  state: {
    fold: [
      [0, ['k', 'flow.denied', 'id'], 1, 2, null, 3, 0],
      [1, null],
      [0, 0, 1, 2, 3, 4, 2],
    ],
    held,
  },
  records: [{ v: 1, id: 'x', event: 'flow.denied' }],
}

t.test('what an agent writes is taken', t => {
  const flow = { time: null, address: [1, 2, 3, 4], sport: 5 }
  const waiting = { at: 2, state: { fold: [], held: { came: [{ id: 1, item: flow }], went: [3] } } }
  t.equal(wrongWithRestored([good, waiting] as Restored[]), undefined)
  t.equal(wrongWithRestored([]), undefined)
  t.end()
})

const edits: Readonly<Record<string, object>> = {
  'line 2, sources': { sources: 5 },
  'line 2, sources.a.intakes': { sources: { a: { intakes: 7 } } },
  'line 2, state': { state: 7 },
  'line 2, state.fold': { state: { held } },
  'line 2, state.fold.0': { state: { fold: [['a']], held } },
  'line 2, state.fold.0.0': { state: { fold: [[20_000, null]], held } },
  'line 2, state.held.came.0.item.address': {
    state: { fold: [], held: { came: [{ id: 1, item: { time: 1, address: 'x' } }], went: [] } },
  },
  'line 2, records.0': { records: [null] },
}

for (const [where, edit] of Object.entries(edits))
  t.test(`an edit is refused: ${where}`, t => {
    t.ok(wrongWithRestored([good, { ...good, ...edit }] as Restored[])?.startsWith(`${where}`))
    t.end()
  })
