// What `/readyz` says: whether a source is open, and one sentence for everything that keeps the agent from its whole work.

import t from 'tap'
import type { Agent } from '../../agent/agent.ts'
import { createReadiness } from '../../agent/command/agent-readiness.ts'

function stage() {
  const state = { open: ['a'], isFull: false, note: undefined as string | undefined }
  const agent = {
    sources: {
      get open() {
        return state.open
      },
      troubles: () => [],
    },
    outbox: {
      get isFull() {
        return state.isFull
      },
    },
  } as unknown as Agent
  const ceiling = {
    get note() {
      return state.note
    },
    [Symbol.dispose]() {},
  }
  return { state, readiness: createReadiness({ agent, ceiling, problems: new Map(), segments: undefined }) }
}

t.test('it is ready while a source is open', async t => {
  const { state, readiness } = stage()
  t.strictSame(readiness(), { ready: true, lines: [] })
  state.open = []
  t.strictSame(readiness(), { ready: false, lines: ['no source is open'] })
})

t.test('work that is shed, and records that nobody takes, are said', async t => {
  const { state, readiness } = stage()
  state.note = 'degraded to level 1 for want of queue'
  state.isFull = true
  const { ready, lines } = readiness()
  t.ok(ready, 'no reason to restart it')
  t.match(lines, [/^records wait to go out, and sources with them: /, /^degraded to level 1/])
})
