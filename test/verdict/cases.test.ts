import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { createCases } from '../../agent/verdict/cases.ts'
import { orient } from '../../agent/verdict/orient.ts'
import type { View } from '../../agent/verdict/question.ts'
import { createFlow, type Flow, type Reported } from '../../collectors/flow.ts'

const addresses = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'].map(text => parseAddress(text)!)
const reports: (Reported | undefined)[] = [
  undefined,
  { by: 'cilium', policies: ['a/b'] },
  { by: 'cilium', policies: ['a/c'] },
]
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values)

/** Everything that a finding may depend on; the client's port is not in it. */
function identity(flow: Flow, view: View): string {
  const length = flow.hasReply ? 16 : 8
  const orientation = orient(flow)
  const port = (orientation & 1) === 1 ? flow.sport : flow.hasReply ? flow.replySport : flow.dport
  const dialled = flow.hasReply ? flow.dport : -1
  return [
    view.id,
    ...flow.address.slice(0, length),
    port,
    dialled,
    flow.verdict,
    flow.direction,
    flow.cause,
    orientation,
    flow.isReply,
    flow.hasReply,
    flow.proto,
    flow.window > 0,
    JSON.stringify(flow.reported),
  ].join()
}

const flows = fc.record({
  ends: fc.array(pick([0, 1, 2, 3]), { minLength: 4, maxLength: 4 }),
  sport: pick([53, 40000, 40001]),
  dport: pick([53, 40000, 80]),
  replySport: pick([80, 8080]),
  hasReply: fc.boolean(),
  proto: pick([-1, 1, 6, 17]),
  tcpFlags: pick([-1, 2, 18, 16]),
  verdict: pick([0, 1, 2] as const),
  direction: pick([0, 1, 2] as const),
  cause: pick([0, 1] as const),
  isReply: pick([0, 1, 2] as const),
  event: pick([0, 1] as const),
  window: pick([0, 60]),
  reported: pick(reports),
  view: pick([1, 2]),
})

t.test('cases remember a connection, and never take one for another', async t => {
  const property = fc.property(fc.array(flows, { maxLength: 60 }), pick([4, 64, 4096]), (steps, capacity) => {
    const views = [1, 2].map(id => ({ id }) as View)
    let judged = 0
    const cases = createCases<string>((flow, view) => {
      judged++
      return identity(flow, view)
    }, capacity)
    // Each step, and the step before with one thing of this one: what differs in one thing only is told apart least easily.
    const near = steps.flatMap((step, i) => {
      const before = steps[i - 1] ?? step
      return [step, ...Object.entries(step).map(([name, value]) => ({ ...before, [name]: value }))]
    })
    for (const { ends, view, ...fields } of near) {
      const flow: Flow = { ...createFlow(), ...fields }
      ends.forEach((end, i) => {
        flow.address.set(addresses[end]!, 4 * i)
      })
      const at = views[view - 1]!
      if (cases.find(flow, at) !== identity(flow, at))
        throw new Error(`took ${identity(flow, at)} for another`)
      const before = judged
      cases.find(flow, at)
      if (judged !== before) throw new Error('forgot at once')
    }
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('cases are emptied when they are full, and go on', async t => {
  const cases = createCases<number>(flow => flow.dport, 4)
  for (let round = 0; round < 3; round++) {
    for (let dport = 1; dport <= 10; dport++)
      t.equal(cases.find({ ...createFlow(), dport, sport: 40000 }, { id: 1 } as View), dport)
  }
  t.ok(cases.emptied > 0)
  t.ok(cases.judged >= 10)
})
