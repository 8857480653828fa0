// `culprit agent`: the daemon. It opens what the configuration names or what it finds, and runs until it is told to stop.

import manifest from '../../package.json' with { type: 'json' }
import { type Agent, openAgent } from '../agent.ts'
import { type Config, printConfig, recordsDirectory, stateDirectory } from '../config.ts'
import { type ConfigChange, watchConfig } from '../config-file.ts'
import { createExternal } from '../forensics/external.ts'
import { createLineSink, type Sink } from '../sink/lines.ts'
import { createTelemetry, type Telemetry } from '../telemetry/index.ts'
import { collectGarbage, keepHeapSmall, monotonicSeconds } from '../telemetry/process.ts'
import { openCeiling } from './agent-ceiling.ts'
import { type Cluster, openCluster } from './agent-cluster.ts'
import { type AgentConfig, openAgentConfig } from './agent-config.ts'
import { createReadiness, type Problems } from './agent-readiness.ts'
import { serveAgent } from './agent-server.ts'
import { createSourceList, type SourceList } from './agent-source-list.ts'
import { openState, type State } from './agent-state.ts'
import { agentEvents } from './agent-telemetry.ts'
import type { Io } from './io.ts'

interface AgentCall {
  readonly config?: string
  readonly printConfig?: true
}

/** What the manifests' last look is kept under, beside the sources. */
const MANIFESTS = 'manifests'
const NO_MANIFESTS =
  'Nothing is known of the cluster, so no culprit can be named: set manifests to a directory of its objects'
/** How often it is looked whether there are other sources, and said what was held back. */
const AGAIN_MS = 60_000
const SETTLE_MS = 5_000
/** The sources are open by then, and little has been read. */
const STARTED_MS = 1_000

export async function runAgent(call: AgentCall, io: Io): Promise<void> {
  const read = openAgentConfig(call.config, io)
  if (call.printConfig) return io.stdout(printConfig(read.config, read.origins))
  keepHeapSmall()
  await run(read, io)
}

async function run(read: AgentConfig, io: Io): Promise<void> {
  const { config, hash } = read
  const telemetry = openTelemetry(config, io)
  const list = createSourceList(config, telemetry, io)
  const state = await openState(config, telemetry, io.now)
  const stopped = new AbortController()
  const problems: Problems = new Map()
  const cluster = clusterOf({ config, list, state, telemetry, problems, signal: stopped.signal }, io)
  if (config.manifests === undefined) report(problems, MANIFESTS, NO_MANIFESTS, telemetry)
  const agent = agentOf({ config, cluster, state, telemetry }, io)
  // Whatever fails on the way, what is open is closed again, and nothing keeps the process from ending.
  await using owned = new AsyncDisposableStack()
  owned.use(state.owned)
  owned.defer(cluster.close)
  owned.defer(() => agent.stop(reasonOf(io.signal)))
  owned.defer(() => stopped.abort())
  await cluster.follow(agent)
  await agent.sources.set(list.specs)
  start(agent, list, hash, config, telemetry)

  const ceiling = owned.use(
    openCeiling({ agent, segments: state.segments, limits: config.limits, telemetry }),
  )
  const readiness = createReadiness({ agent, ceiling, problems, segments: state.segments })
  const served = { agent, cluster, segments: state.segments, config, telemetry, readiness, now: io.now }
  const server = await serveAgent(served)
  if (server !== undefined) owned.use(server)
  const watching = watch(read, { agent, list, telemetry, problems, signal: stopped.signal })
  repeat(telemetry.settle, SETTLE_MS, stopped.signal)
  repeat(() => lookAgain(agent, list), AGAIN_MS, stopped.signal)
  const settled = setTimeout(collectGarbage, STARTED_MS)
  io.signal.addEventListener('abort', () => clearTimeout(settled), { once: true })
  await untilAborted(io.signal)
  await owned.disposeAsync()
  await watching
  telemetry.stopped({ reason: reasonOf(io.signal) })
}

function repeat(run: () => void, ms: number, signal: AbortSignal): void {
  const timer = setInterval(run, ms)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

function openTelemetry({ log }: Config, io: Io): Telemetry {
  const form = io.isErrorTerminal === true ? 'plain' : 'json'
  return createTelemetry({ write: io.stderr, level: log.level, now: io.now, form })
}

interface ClusterParts {
  readonly config: Config
  readonly list: SourceList
  readonly state: State
  readonly telemetry: Telemetry
  readonly problems: Problems
  readonly signal: AbortSignal
}

function clusterOf({ config, list, state, telemetry, problems, signal }: ClusterParts, io: Io): Cluster {
  const lastProof = state.restored?.sources.get(MANIFESTS)?.position
  return openCluster({
    manifests: config.manifests,
    records: recordsDirectory(config),
    profile: list.profile,
    historyMs: config.history.minutes * 60_000,
    lastProof: typeof lastProof === 'number' ? lastProof : undefined,
    now: io.now,
    say: text => telemetry.stateRefused({ text }),
    onProblem(text) {
      if (text === undefined) problems.delete(MANIFESTS)
      else {
        problems.set(MANIFESTS, text)
        telemetry.manifestsRefused({ text })
      }
    },
    node: config.node!,
    onRead(objects, problem) {
      telemetry.manifestsRead({ objects })
      report(problems, NODE, problem, telemetry)
    },
    onRejected: text => report(problems, POLICIES, text, telemetry),
    signal,
  })
}

const NODE = 'node'
const POLICIES = 'policies'
const CONFIG = 'config'

/** What makes every answer unknown is said once, and stands in `/readyz` for as long as it is so. */
function report(problems: Problems, about: string, text: string | undefined, telemetry: Telemetry): void {
  if (text === problems.get(about)) return
  if (text === undefined) problems.delete(about)
  else {
    problems.set(about, text)
    telemetry.clusterDoubtful({ text })
  }
}

type AgentParts = Pick<ClusterParts, 'config' | 'state' | 'telemetry'> & { readonly cluster: Cluster }

function agentOf({ config, cluster, state, telemetry }: AgentParts, io: Io): Agent {
  const { externalAddresses: how, externalPrefix, allowed } = config.records
  const hide = how === 'keep' ? undefined : createExternal({ how, ...externalPrefix })
  return openAgent({
    ...state,
    timeline: cluster.timeline,
    hasUnsupported: () => cluster.hasUnsupported,
    proof: { until: () => cluster.lastProof, ask: cluster.lookSoon },
    node: config.node!,
    sinks: outputOf(config, io),
    kept: () => (Number.isNaN(cluster.lastProof) ? {} : { [MANIFESTS]: { position: cluster.lastProof } }),
    allowed,
    ...(hide !== undefined && { hide }),
    historyMs: config.history.minutes * 60_000,
    now: io.now,
    monotonic: () => monotonicSeconds() * 1000,
    events: agentEvents(telemetry, stateDirectory(config), io.now),
  })
}

function outputOf({ output }: Config, io: Io): readonly Sink[] {
  if (output.records === 'off') return []
  const form = output.records === 'auto' ? (io.isTerminal ? 'lines' : 'json') : output.records
  return [createLineSink(form, io.stdout)]
}

function start(
  agent: Agent,
  { specs, profile }: SourceList,
  config: string,
  { node }: Config,
  telemetry: Telemetry,
): void {
  const { version } = manifest
  const sources = specs.map(({ title }) => title)
  agent.say({ event: 'agent.started', version, config, sources, profile })
  telemetry.started({ version, node: node!, config, sources })
}

interface Watched {
  readonly agent: Agent
  readonly list: SourceList
  readonly telemetry: Telemetry
  readonly problems: Problems
  readonly signal: AbortSignal
}

/** Follows the configuration's file; resolves when the signal is aborted. */
async function watch(
  read: AgentConfig,
  { agent, list, telemetry, problems, signal }: Watched,
): Promise<void> {
  const { file } = read
  if (file === undefined) return
  await watchConfig({
    ...read,
    file,
    onChanged({ config, hash, keys }: ConfigChange) {
      telemetry.setLevel(config.log.level)
      problems.delete(CONFIG)
      if (keys.now.length > 0 || keys.atRestart.length === 0)
        telemetry.configReloaded({ hash, keys: keys.now })
      if (keys.atRestart.length > 0) telemetry.configNeedsRestart({ keys: keys.atRestart })
      void agent.sources.set(list.become(config))
    },
    onRefused(wrong) {
      problems.set(
        CONFIG,
        `the edited configuration is refused, the last good one goes on: ${wrong.join('; ')}`,
      )
      telemetry.configRefused({ problems: wrong })
    },
    signal,
  })
}

/** CNIs come and go, and so do their logs. */
function lookAgain(agent: Agent, list: SourceList): void {
  const specs = list.again()
  if (specs !== undefined) void agent.sources.set(specs)
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** `SIGTERM`, or that it never ran. */
function reasonOf(signal: AbortSignal): string {
  return signal.aborted ? String(signal.reason) : 'it could not start'
}
