// Asking an agent over HTTP. Whatever goes wrong becomes one sentence that says what would help.

import { type ClientRequest, get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import { createLines } from '../source/lines.ts'
import { UsageError, WorkError } from './errors.ts'

/** @throws UsageError */
export function readAgentUrl(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url
  throw new UsageError(
    `Cannot use --agent "${text}": it is the URL of an agent's port, such as http://127.0.0.1:9464`,
  )
}

export interface Asking {
  readonly agent: URL
  /** `/api/v1/records` */
  readonly path: string
  readonly parameters: URLSearchParams
  readonly signal: AbortSignal
}

/** What the agent says beside a streamed answer; undefined where something in between kept it back. */
export type Notes = readonly string[] | undefined

const CONNECT_MS = 30_000

/** Hands on each line of the answer as it comes; no faster than `onLines` resolves. @throws UsageError, WorkError */
export async function askLines(
  asking: Asking,
  onLine: (line: string) => void,
  onLines: () => Promise<void>,
): Promise<Notes> {
  const response = await ask(asking)
  const lines = createLines((bytes, start, end) => onLine((bytes as Buffer).toString('utf8', start, end)))
  try {
    for await (const chunk of response) {
      lines.write(chunk as Buffer)
      await onLines()
    }
  } catch (cause) {
    if (cause instanceof WorkError) throw cause
    throw asking.signal.aborted ? interrupted() : failure(asking.agent, 'the answer was cut', cause)
  }
  lines.close()
  return notesOf(response)
}

/** The whole of a JSON answer. @throws UsageError, WorkError */
export async function askJson(asking: Asking): Promise<unknown> {
  let text = ''
  await askLines(
    asking,
    line => {
      text += line
    },
    async () => {},
  )
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw failure(asking.agent, 'its answer is no JSON, is it a culprit agent', cause)
  }
}

async function ask({ agent, path, parameters, signal }: Asking): Promise<IncomingMessage> {
  const url = new URL(agent)
  url.pathname = `${agent.pathname.replace(/\/$/, '')}${path}`
  url.search = parameters.toString()
  const response = await connect(url, signal).catch((cause: NodeJS.ErrnoException) => {
    throw signal.aborted ? interrupted() : failure(agent, reasonOf(cause, url), cause)
  })
  if (response.statusCode === 200) return response
  const text = (await textOf(response)).trim()
  if (response.statusCode === 400) throw new UsageError(text)
  throw failure(agent, statusText(response, text))
}

function connect(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getSecure : getPlain
    const request: ClientRequest = get(url, { signal, agent: false }, response => {
      request.setTimeout(0)
      resolve(response)
    })
    request.setTimeout(CONNECT_MS, () =>
      request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    )
    request.on('error', reject)
  })
}

const MAX_TEXT = 4096

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > MAX_TEXT) response.destroy()
    if (text.length > MAX_TEXT) break
  }
  return text.slice(0, MAX_TEXT)
}

function reasonOf({ code, message }: NodeJS.ErrnoException, url: URL): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const forward = `kubectl port-forward -n NAMESPACE pod/POD ${port}:9464`
  switch (code) {
    case 'ECONNREFUSED':
      return `connection refused; is the agent's port ${port} reachable? ${forward}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no host of the name ${url.hostname}`
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no answer; is the agent's port ${port} reachable from here? ${forward}`
    case 'ECONNRESET':
      return 'the connection was cut before there was an answer'
    default:
      return message
  }
}

function statusText({ statusCode, headers }: IncomingMessage, text: string): string {
  // The agent's own words are sentences; a proxy's page of HTML helps nobody.
  const isPlain = headers['content-type']?.startsWith('text/plain') === true && text !== ''
  const words = isPlain ? `: ${text.split('\n')[0]}` : ', is it a culprit agent'
  return `it answered ${statusCode}${words}`
}

function notesOf({ trailers }: IncomingMessage): Notes {
  const text = trailers['culprit-notes']
  if (text === undefined) return undefined
  try {
    const notes: unknown = JSON.parse(text)
    return Array.isArray(notes) ? notes.map(String) : undefined
  } catch {
    // Nothing that an agent says.
    return undefined
  }
}

function failure(agent: URL, why: string, cause?: unknown): WorkError {
  return new WorkError(`Cannot query "${agent.href}": ${why}`, { cause })
}

function interrupted(): WorkError {
  return new WorkError('interrupted: what had been found is written')
}
