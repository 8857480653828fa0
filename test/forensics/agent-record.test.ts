// What the agent writes about itself, for programs and for people.

import t from 'tap'
import { type AgentFacts, agentRecord } from '../../agent/forensics/agent-record.ts'
import { shortForm } from '../../agent/forensics/short.ts'

const at = Date.parse('2026-11-24T10:00:00.250Z') * 1000

const table: readonly (readonly [AgentFacts, RegExp])[] = [
  [
    {
      event: 'agent.started',
      version: '0.1.0',
      config: 'ab12',
      sources: ['/dev/kmsg', 'x\u001b[31m'],
      profile: 'calico',
    },
    /^10:00:00 STARTED {2}culprit 0\.1\.0 on w1: \/dev\/kmsg, "?x\P{Cc}*$/u,
  ],
  [
    { event: 'agent.started', version: '0.1.0', config: 'ab12', sources: [], profile: 'upstream' },
    /on w1: no source$/,
  ],
  [{ event: 'agent.stopped', reason: 'SIGTERM' }, /^10:00:00 STOPPED {2}SIGTERM$/],
  [
    { event: 'agent.degraded', level: 2, trigger: 'memory' },
    /DEGRADED to level 2 for want of memory: allowed flows are only counted$/,
  ],
  [{ event: 'agent.degraded', level: 0 }, /DEGRADED to level 0: all work is done again$/],
]

for (const [facts, line] of table)
  t.test(`${facts.event}: ${line}`, async t => {
    const record = agentRecord(facts, 'w1', at)
    t.match(record, { v: 1, ts: '2026-11-24T10:00:00.250Z', node: 'w1', ...facts })
    t.match(record.id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
    t.match(shortForm(record), line)
  })

t.test('two of one moment are two records, the same one is one', async t => {
  const stopped = { event: 'agent.stopped', reason: 'a' } as const
  t.equal(agentRecord(stopped, 'w1', at).id, agentRecord(stopped, 'w1', at).id)
  t.not(agentRecord(stopped, 'w1', at).id, agentRecord({ ...stopped, reason: 'b' }, 'w1', at).id)
  t.not(agentRecord(stopped, 'w1', at).id, agentRecord(stopped, 'w2', at).id)
})
