// Metrics of the forensic records and the segments they are kept in.

import { discardCauses, recordEvents } from './closed-sets.ts'
import type { Catalogue } from './metric-spec.ts'

export const recordMetrics = {
  culprit_forensic_records_total: {
    type: 'counter',
    unit: 'records',
    help: 'Records made, by event; a follow-up counts as one',
    labels: { event: recordEvents },
  },
  culprit_forensic_folded_events_total: {
    type: 'counter',
    unit: 'flows',
    help: 'Repeats that became a count in a follow-up',
    startsAtZero: true,
  },
  culprit_records_discarded_total: {
    type: 'counter',
    unit: 'records',
    help: 'Records that were made and never written; an `evidence.gap` record says so when writing works again',
    labels: { cause: discardCauses },
    startsAtZero: true,
  },
  culprit_forensic_writable: {
    type: 'gauge',
    unit: '',
    help: '1 while records can be written, 0 while they are held in memory',
  },
  culprit_forensic_written_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of records written, before compression',
  },
  culprit_forensic_segment_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of all segments on disk',
  },
  culprit_forensic_oldest_record_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Time of the oldest record that is kept, as seconds since 1970: how far back this node can answer',
  },
  culprit_forensic_chain_sequence: {
    type: 'gauge',
    unit: '',
    help: 'Head of the hash chain over the records: being scraped makes it a remote witness',
  },
  culprit_forensic_chain_errors_total: {
    type: 'counter',
    unit: 'errors',
    help: 'How often the chain was found broken when segments were opened',
  },
} as const satisfies Catalogue
