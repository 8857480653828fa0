// Records as lines of text: JSON for programs, the short form for people.

import type { ForensicRecord } from '../forensics/record.ts'
import { createShortForm } from '../forensics/short.ts'

/** Where records go. `write` never throws for one record; `flush` resolves when everything written is out. */
export interface Sink {
  /** `json` is the record as JSON, which the caller has anyway. */
  write(record: ForensicRecord, json: string): void
  flush(): Promise<void>
  /** So much waits to go out that nothing should be added. */
  readonly isFull?: boolean
}

/** Somewhere text can go; resolves when more may be written. */
export type WriteText = (text: string) => Promise<void>

const BATCH = 64 * 1024

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

export interface LineWriter {
  line(text: string): void
  /** Resolves when everything is out; rejects when something could not be written. */
  flush(): Promise<void>
  /** Characters that are not out yet. */
  readonly waiting: number
}

/** Batches lines so that a line does not cost a system call; `flush` also sends what is not yet a full batch. */
export function createLineWriter(write: WriteText): LineWriter {
  let pending = ''
  let sent = 0
  let writing: Promise<void> = Promise.resolve()

  function send(): void {
    const text = pending
    pending = ''
    sent += text.length
    writing = writing
      .then(() => write(text))
      .finally(() => {
        sent -= text.length
      })
    // A failure is reported by flush(); without a handler here Node would end the process first.
    writing.catch(() => {})
  }

  return {
    line(text) {
      pending += `${text}\n`
      if (pending.length >= BATCH) send()
    },
    async flush() {
      if (pending !== '') send()
      await writing
    },
    get waiting() {
      return pending.length + sent
    },
  }
}
