// Standard input, or any other stream of bytes that comes once, as a source: its end is the end of the evidence, not an error.

import { randomUUID } from 'node:crypto'
import { type Later, later as laterOn } from './later.ts'
import { createLines } from './lines.ts'
import type { LiveSource, Receiver } from './receiver.ts'

export interface StandardInputOptions {
  readonly receiver: Receiver
  /** The FORMAT of its lines. */
  readonly format: string
  readonly input: AsyncIterable<Uint8Array>
  readonly later?: Later
}

export interface StandardInput extends LiveSource {
  /** Resolves when everything was handed on, at the end or after an error. */
  readonly ended: Promise<void>
}

const fullMs = 5

/** Reads no further than what can be taken. */
export function openStandardInput(options: StandardInputOptions): StandardInput {
  const { receiver, format, later = laterOn } = options
  const inlet = receiver.open({ stream: randomUUID(), file: undefined })
  const lines = createLines(inlet.line)
  const chunks = options.input[Symbol.asyncIterator]()
  const closed = Promise.withResolvers<undefined>()
  let isClosed = false

  async function read(): Promise<void> {
    for (;;) {
      while (receiver.isFull && !isClosed) await new Promise<void>(resolve => later(resolve, fullMs))
      const next = await Promise.race([chunks.next(), closed.promise])
      if (next === undefined || next.done) return
      lines.write(next.value)
    }
  }

  async function readAll(): Promise<void> {
    try {
      await read()
    } catch (error) {
      receiver.trouble(`Cannot read standard input: ${(error as Error).message}`)
    }
    lines.close()
    inlet.end()
  }

  const ended = readAll()
  return {
    format,
    name: 'standard input',
    ended,
    position: () => undefined,
    async [Symbol.asyncDispose]() {
      isClosed = true
      closed.resolve(undefined)
      await ended
      // Nobody waits for it: a stream that is not read any more may never answer.
      void chunks.return?.(undefined)?.catch(() => {})
    },
  }
}
