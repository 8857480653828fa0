// One port: an HTTP server that is bounded in every direction a client can push it. It takes no request bodies and answers GET only.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Connections, limitConnections } from './connections.ts'
import type { ServerLimits } from './limits.ts'
import { addressText, parseListenAddress } from './listen-address.ts'
import { answerText } from './respond.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void

/** What a listener serves, by path. */
export type Paths = Readonly<Record<string, Handler>>

export interface ListenerOptions {
  /** `0.0.0.0:9464`; port 0 takes a free one. */
  readonly listen: string
  /** The configuration's name for it. */
  readonly option: string
  readonly paths: Paths
  readonly limits: ServerLimits
  readonly onError: (text: string) => void
}

export interface Listener extends AsyncDisposable {
  /** As it was given by the system. */
  readonly address: string
  readonly connections: Connections
}

/** @throws Error that names the address and says what is wrong with it. */
export async function openListener({
  listen,
  option,
  paths,
  limits,
  onError,
}: ListenerOptions): Promise<Listener> {
  const address = parseListenAddress(listen)
  if (address === undefined)
    throw new Error(
      `Cannot listen on "${listen}": it is an address and a port, such as 0.0.0.0:9464 (${option})`,
    )
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    maxHeaderSize: limits.headerBytes,
    keepAliveTimeout: limits.keepAliveMs,
    // How often the time-outs above are looked at.
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    requireHostHeader: true,
    noDelay: true,
    keepAlive: true,
  })
  const connections = limitConnections(server, limits.connections)
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, { paths, limits, onError })
  }
  server.on('request', onRequest)
  // Nobody is told to go on with a body that is refused.
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: address.port, host: address.host }, resolve)
  }).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(
      `Cannot listen on "${listen}": ${reasons[cause.code ?? ''] ?? cause.message} (${option})`,
      {
        cause,
      },
    )
  })
  server.on('error', error => onError(`Cannot take connections on "${listen}": ${error.message}`))
  return {
    address: addressText(server.address() as AddressInfo),
    connections,
    [Symbol.asyncDispose]: () => closeAfter(server, connections, limits.closeMs),
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process, or another setting of this one, uses this port',
  EACCES: 'only root may use ports below 1024',
  EADDRNOTAVAIL: 'the machine has no such address',
  ENOTFOUND: 'there is no such host',
}

type Answering = Pick<ListenerOptions, 'paths' | 'limits' | 'onError'>

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { paths, limits, onError }: Answering,
): Promise<void> {
  // A client that neither reads nor goes away does not keep its answer in memory; an answer that takes long to find is another thing.
  response.setTimeout(limits.slowClientMs, () => {
    if (response.writableLength > 0 || request.socket.writableLength > 0) request.socket.destroy()
  })
  // What is wrong with a connection ends it, and nothing else.
  response.on('error', () => request.socket.destroy())
  const refused = refusal(request, paths)
  if (refused !== undefined) {
    answerText(response, refused.status, refused.text, refused.headers)
    return
  }
  const url = urlOf(request)!
  try {
    await paths[url.pathname]!(request, response, url)
  } catch (error) {
    onError(`Cannot answer ${url.pathname}: ${(error as Error).message}`)
    if (response.headersSent) response.destroy()
    else answerText(response, 500, `Cannot answer: ${(error as Error).message}`)
  }
}

interface Refusal {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

function refusal(request: IncomingMessage, paths: Paths): Refusal | undefined {
  const { method, headers } = request
  if (method !== 'GET' && method !== 'HEAD')
    return {
      status: 405,
      text: `Cannot ${method}: everything here is read with GET`,
      headers: { allow: 'GET, HEAD', connection: 'close' },
    }
  if (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined)
    return {
      status: 413,
      text: 'Cannot take a request body: what is asked for stands in the URL',
      headers: { connection: 'close' },
    }
  const url = urlOf(request)
  if (url === undefined) return { status: 400, text: 'Cannot read the URL: it is a path such as /metrics' }
  if (Object.hasOwn(paths, url.pathname)) return undefined
  const known = Object.keys(paths).join(', ')
  return { status: 404, text: `Cannot find ${JSON.stringify(url.pathname)}: on this port there is ${known}` }
}

/** Whatever host was asked for, the path is what counts. */
function urlOf({ url = '/' }: IncomingMessage): URL | undefined {
  return url.startsWith('/') ? (URL.parse(`http://agent${url}`) ?? undefined) : undefined
}

/** Takes no more; what is under way may end within `ms`, then it is cut. */
async function closeAfter(server: Server, connections: Connections, ms: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  connections.endIdle()
  const timer = setTimeout(() => server.closeAllConnections(), ms)
  await closed
  clearTimeout(timer)
}
