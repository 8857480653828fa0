// The agent over HTTP: probes on a port of their own, so that nobody who asks for records can keep the kubelet out; everything else on
// the other. One file for each route.

import { serveHealthz } from './healthz.ts'
import { defaultServerLimits, type ServerLimits } from './limits.ts'
import { openListener } from './listener.ts'
import { serveMetrics } from './metrics.ts'
import { serveReadyz } from './readyz.ts'
import { serveRecords } from './records.ts'
import type { Routes } from './routes.ts'
import { serveWhy } from './why.ts'

export interface ServerOptions {
  /** `0.0.0.0:9464`: metrics, records and why. */
  readonly listen: string
  /** `0.0.0.0:9465`: health and readiness. */
  readonly probesListen: string
  readonly routes: Routes
  /** What could not be answered, as a sentence; the server goes on. */
  readonly onError: (text: string) => void
  readonly limits?: Partial<ServerLimits>
}

export interface AgentServer extends AsyncDisposable {
  /** As the system gave them: `127.0.0.1:9464`. */
  readonly addresses: { readonly main: string; readonly probes: string }
  /** Connections that are open now. */
  readonly connections: number
}

/** @throws Error that names the address which cannot be listened on. */
export async function openServer(options: ServerOptions): Promise<AgentServer> {
  const { listen, probesListen, routes, onError } = options
  const limits = { ...defaultServerLimits, ...options.limits }
  const probes = await openListener({
    listen: probesListen,
    option: 'http.probesListen',
    paths: { '/healthz': serveHealthz, '/readyz': serveReadyz(routes) },
    limits,
    onError,
  })
  const main = await openListener({
    listen,
    option: 'http.listen',
    paths: {
      '/metrics': serveMetrics(routes),
      '/api/v1/records': serveRecords(routes),
      '/api/v1/why': serveWhy(routes),
    },
    limits,
    onError,
  }).catch(async (error: unknown) => {
    await probes[Symbol.asyncDispose]()
    throw error
  })
  return {
    addresses: { main: main.address, probes: probes.address },
    get connections() {
      return main.connections.size + probes.connections.size
    },
    async [Symbol.asyncDispose]() {
      // Probes last: while answers end, the kubelet still hears that this process is alive.
      await main[Symbol.asyncDispose]()
      await probes[Symbol.asyncDispose]()
    },
  }
}
