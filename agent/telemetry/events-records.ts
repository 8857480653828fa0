// Events of the records and of what is kept between two starts.

import type { AgentEvents } from './events.ts'
import type { Families } from './registry.ts'
import { count, type SaySomething } from './say.ts'

type RecordEvents = Pick<
  AgentEvents,
  | 'recordsNotWritten'
  | 'recordsDiscarded'
  | 'recordsWritingAgain'
  | 'journalNotWritten'
  | 'stateRestored'
  | 'stateRefused'
>

const because: Readonly<Record<string, string>> = {
  overflow: 'they came faster than they could be written',
  disk_full: 'the disk is full',
  io_error: 'they could not be written',
  stopping: 'the agent had to stop before they were written',
}

export function recordEventsOf(say: SaySomething, families: Families): RecordEvents {
  const isWritable = (writable: boolean): void =>
    families
      .family('culprit_forensic_writable')
      .series()
      .set(writable ? 1 : 0)

  return {
    recordsNotWritten({ text }) {
      isWritable(false)
      say({ event: 'records_not_written', level: 'error', subject: '', fields: { text }, sentence: text })
    },
    recordsDiscarded({ records, cause }) {
      families.family('culprit_records_discarded_total').series(cause).add(records)
      const sentence = `discarded ${count(records, 'record')}: ${because[cause] ?? cause}`
      say({
        event: 'records_discarded',
        level: 'error',
        subject: cause,
        fields: { records, cause },
        sentence,
      })
    },
    recordsWritingAgain() {
      isWritable(true)
      say({
        event: 'records_writing_again',
        level: 'info',
        subject: '',
        sentence: 'records are written again',
      })
    },
    journalNotWritten({ text }) {
      say({ event: 'journal_not_written', level: 'error', subject: '', fields: { text }, sentence: text })
    },
    stateRestored({ positions, records }) {
      const sentence = `going on where it stood: ${count(positions, 'position')}, ${count(records, 'record')} to write`
      say({
        event: 'state_restored',
        level: 'info',
        subject: undefined,
        fields: { positions, records },
        sentence,
      })
    },
    stateRefused({ text }) {
      say({ event: 'state_refused', level: 'warn', subject: text, fields: { text }, sentence: text })
    },
  }
}
