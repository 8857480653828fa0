// The agent over HTTP: what each route answers from.

import type { Agent } from '../agent.ts'
import { type Config, recordsDirectory } from '../config.ts'
import type { Readiness, Routes } from '../server/routes.ts'
import { type AgentServer, openServer } from '../server/server.ts'
import { restFigures } from '../sink/segment-figures.ts'
import type { Segments } from '../sink/segments.ts'
import type { Telemetry } from '../telemetry/index.ts'
import type { Cluster } from './agent-cluster.ts'
import { createPolicyFigures } from './agent-policies.ts'
import { observeCounts } from './agent-telemetry.ts'
import { createScanLimit } from './scan-limit.ts'
import { serveRecordsOf } from './serve-records.ts'
import { serveWhyOf } from './serve-why.ts'

export interface ServedAgent {
  readonly agent: Agent
  readonly cluster: Cluster
  readonly segments: Segments | undefined
  readonly config: Config
  readonly telemetry: Telemetry
  readonly readiness: () => Readiness
  readonly now: () => number
}

/** Searches of others at a time: each takes from what the agent has for its own work. */
const MOST_SEARCHES = 2

/** Undefined where it is off or cannot be opened, which is said: the rest of the agent works without. */
export async function serveAgent(served: ServedAgent): Promise<AgentServer | undefined> {
  const { config, telemetry } = served
  if (config.http === 'off') return undefined
  const directory = recordsDirectory(config)
  const limit = createScanLimit(MOST_SEARCHES)
  const { cluster, now } = served
  const figuresOf = createPolicyFigures(cluster.timeline, config.node!)
  try {
    const server = await openServer({
      ...config.http,
      routes: {
        metrics: accept => renderMetrics(served, figuresOf, accept),
        readiness: served.readiness,
        records: directory === undefined ? undefined : serveRecordsOf({ directory, limit, now }),
        why:
          directory === undefined
            ? undefined
            : serveWhyOf({
                directory,
                timeline: cluster.timeline,
                services: cluster.services,
                manifests: config.manifests,
                node: config.node,
                hasUnsupported: cluster.hasUnsupported,
                limit,
                now,
              }),
      },
      onError: text => telemetry.httpFailed({ text }),
    })
    telemetry.httpListening({ address: server.addresses.main })
    telemetry.httpListening({ address: server.addresses.probes })
    return server
  } catch (error) {
    telemetry.httpFailed({ text: (error as Error).message })
    return undefined
  }
}

async function renderMetrics(
  served: ServedAgent,
  figuresOf: ReturnType<typeof createPolicyFigures>,
  accept: string | undefined,
): ReturnType<Routes['metrics']> {
  const { agent, cluster, segments, config, telemetry } = served
  const { metrics } = telemetry
  observeCounts(telemetry, agent)
  const { objects } = cluster
  metrics.observeObjects(objects)
  metrics.observePolicies('NetworkPolicy', figuresOf(objects.networkpolicies ?? 0))
  const directory = recordsDirectory(config)
  if (segments !== undefined && directory !== undefined) {
    // A directory that cannot be read now leaves its figures out.
    const figures = await restFigures(directory).catch(() => undefined)
    metrics.observeStore({
      ...figures,
      chainSequence: segments.sequence,
      writtenBytes: segments.writtenBytes,
    })
  }
  return metrics.render(accept)
}
