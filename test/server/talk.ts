// A server on ports of its own, and clients that behave as badly as the test wants.

import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Routes } from '../../agent/server/routes.ts'
import { type AgentServer, openServer, type ServerOptions } from '../../agent/server/server.ts'

export const quietRoutes: Routes = {
  metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'culprit_up 1\n' }),
  readiness: () => ({ ready: true, lines: [] }),
  records: async (_parameters, stream) => {
    stream.start()
    await stream.write('{"v":1}\n')
    return { notes: ['a note, with an ü'] }
  },
  why: async () => ({ word: 'DENIED' }),
}

export interface Talking {
  readonly server: AgentServer
  readonly errors: string[]
}

export async function serve(
  routes: Partial<Routes> = {},
  limits: ServerOptions['limits'] = {},
): Promise<Talking> {
  const errors: string[] = []
  const server = await openServer({
    listen: '127.0.0.1:0',
    probesListen: '127.0.0.1:0',
    routes: { ...quietRoutes, ...routes },
    onError: text => errors.push(text),
    limits,
  })
  return { server, errors }
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly trailers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export function ask(
  address: string,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Record<string, string>
    readonly body?: string
  } = {},
): Promise<Answered> {
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const asking = request(`http://${address}${path}`, { method, headers, agent: false }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          trailers: response.trailers,
          body: text,
        }),
      )
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

/** A bare connection, on which anything can be said. */
export function dial(address: string): Promise<Socket> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host!, port: Number(port) }, () => resolve(socket))
    // A server that cuts is what these tests are about.
    socket.on('error', reject)
  })
}

/** All that comes until the other side closes. */
export function allOf(socket: Socket): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    socket.on('data', chunk => {
      text += chunk
    })
    socket.once('close', () => resolve(text))
  })
}
