// How answers are written: short texts whole, long ones piece by piece at the pace of whoever reads them.

import type { ServerResponse } from 'node:http'
import { RequestError } from './request-error.ts'
import type { TextStream } from './routes.ts'

const common = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** Plain text unless `headers` say otherwise; text ends with a newline, bytes are sent as they are. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = typeof text !== 'string' ? text : Buffer.from(text.endsWith('\n') ? text : `${text}\n`)
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(body.length),
    ...common,
    ...headers,
  })
  response.end(body)
}

/** Undefined where the error is none that its caller can be told. */
export function answerRequestError(response: ServerResponse, error: unknown): true | undefined {
  if (!(error instanceof RequestError) || response.headersSent) return undefined
  const { status, message, retryAfter } = error
  answerText(response, status, message, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) })
  return true
}

/** The trailer in which an answer that was streamed says what a person should know of it: a JSON array of sentences. */
export const NOTES_TRAILER = 'culprit-notes'

export function streamOf(response: ServerResponse, contentType: string): TextStream {
  const gone = new AbortController()
  response.once('close', () => gone.abort('the client has gone'))
  return {
    signal: gone.signal,
    start() {
      response.writeHead(200, { 'content-type': contentType, trailer: NOTES_TRAILER, ...common })
      response.flushHeaders()
    },
    write(text) {
      if (response.destroyed) return Promise.reject(new Error('the client has gone'))
      if (response.write(text)) return Promise.resolve()
      return drained(response)
    },
  }
}

/** The response's own time-out cuts a client that takes nothing. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = () => {
      response.off('close', onClose)
      resolve()
    }
    const onClose = () => {
      response.off('drain', onDrain)
      reject(new Error('the client has gone'))
    }
    response.once('drain', onDrain)
    response.once('close', onClose)
  })
}

const MAX_NOTES = 6000

/** Ends a streamed answer. Header fields hold ASCII only, and not much of it. */
export function endWithNotes(response: ServerResponse, notes: readonly string[]): void {
  const kept: string[] = []
  for (const note of notes) if (asciiJson([...kept, note]).length <= MAX_NOTES) kept.push(note)
  response.addTrailers({ [NOTES_TRAILER]: asciiJson(kept) })
  response.end()
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
