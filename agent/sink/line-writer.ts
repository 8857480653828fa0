// Lines of text on their way out, in batches.

/** Somewhere text can go; resolves when more may be written. */
export type WriteText = (text: string) => Promise<void>

const BATCH = 64 * 1024

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
