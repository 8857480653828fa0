// Records as lines of text: JSON for programs, the short form for people.

import type { ForensicRecord } from '../forensics/record.ts'
import { createShortForm } from '../forensics/short.ts'
import { createLineWriter, type WriteText } from './line-writer.ts'

/** Where records go. `write` never throws for one record; `flush` resolves when everything written is out. */
export interface Sink {
  /** `json` is the record as JSON, which the caller has anyway. */
  write(record: ForensicRecord, json: string): void
  flush(): Promise<void>
  /** So much waits to go out that nothing should be added. */
  readonly isFull?: boolean
}

/** A record as a line without its newline. */
export type RecordText = (record: ForensicRecord) => string

export type LineForm = 'json' | 'lines'

/** JSON for programs, the short form for people. */
export function recordText(form: LineForm): RecordText {
  return form === 'json' ? record => JSON.stringify(record) : createShortForm()
}

/** More than this waits only where nobody reads. */
const FULL = 4 * 1024 * 1024

export function createLineSink(form: LineForm, write: WriteText): Sink {
  const writer = createLineWriter(write)
  const toText = createShortForm()
  return {
    write: form === 'json' ? (_, json) => writer.line(json) : record => writer.line(toText(record)),
    flush: writer.flush,
    get isFull() {
      return writer.waiting > FULL
    },
  }
}
