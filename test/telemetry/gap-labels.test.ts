// Sentences that sources say about missing evidence, and the words metrics have for them.

import t from 'tap'
import { catalogue } from '../../agent/telemetry/catalogue.ts'
import { gapLabels } from '../../agent/telemetry/gap-labels.ts'

const rows: readonly [string, string, string][] = [
  [
    'the kernel overwrote records before they were read (records of any kind, so at most as many packets)',
    'kernel',
    'overrun',
  ],
  ['the buffer of conntrack was full, so the kernel dropped events', 'kernel', 'overrun'],
  ['the socket of ulogd was full: at least 3 packets lost before they were written', 'kernel', 'overrun'],
  [
    'journald came too late for messages of the kernel (messages of any kind, so at most as many packets)',
    'kernel',
    'overrun',
  ],
  [
    'the machine was restarted: what its kernel logged after the last record read is gone',
    'read',
    'restarted',
  ],
  ['conntrack was not running: it ended with 1', 'read', 'not_running'],
  ['not observed: the agent was not reading it', 'read', 'not_running'],
  ['"/var/log/kern.log" was rotated away', 'read', 'rotated'],
  [
    '"/var/log/kern.log" was emptied, and the copy that was made before lacks 3 bytes of it',
    'read',
    'rotated',
  ],
  [
    'the journal was begun anew: what was in the old one after the last entry read is gone',
    'read',
    'rotated',
  ],
  [
    '"/var/log/kern.log.2.gz" cannot be uncompressed (bad header), so its lines are not read',
    'read',
    'unreadable',
  ],
  ['conntrack ended with 1', 'read', 'process_ended'],
  ['Hubble lost 7 events', 'kernel', 'upstream'],
  ['"/var/log/rotated/was full" is odd', 'read', 'other'],
]

for (const [cause, stage, label] of rows)
  t.test(`${label}: ${cause}`, async t => t.same(gapLabels(cause), { stage, label }))

t.test('a stage that is given counts, and every word stands in the catalogue', async t => {
  t.same(gapLabels('the socket of ulogd was full', 'queue'), { stage: 'queue', label: 'overrun' })
  const { labels } = catalogue.culprit_events_lost_total
  for (const [, stage, label] of rows) {
    t.ok((labels.stage as readonly string[]).includes(stage))
    t.ok(label === 'other' || (labels.cause as readonly string[]).includes(label), label)
  }
})
