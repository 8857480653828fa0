import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { collectGarbage } from '../../agent/telemetry/process.ts'

t.test('what nobody holds is given back at once', async t => {
  const left = new WeakRef({ much: 'of it' })
  // What a weak reference has been made of or asked for in this turn stays until its end.
  await nextTurn()
  collectGarbage()
  t.equal(left.deref(), undefined)
})
