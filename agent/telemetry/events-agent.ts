// Events of the agent as a whole: its start and stop, its level, its own errors, its listener, its clock.

import type { AgentEvents } from './events.ts'
import type { Level } from './levels.ts'
import type { Log } from './log.ts'
import type { Families } from './registry.ts'
import type { SaySomething } from './say.ts'

type StateEvents = Pick<
  AgentEvents,
  'started' | 'stopped' | 'degraded' | 'internalError' | 'httpListening' | 'httpFailed' | 'clockStepped'
>

const meaning: Readonly<Record<Level, string>> = {
  0: 'everything is recorded again',
  1: 'allowed flows are sampled',
  2: 'allowed flows are only counted, no spans are made',
  3: 'denied flows are folded to one record per pair of workloads and minute',
}

interface StateOptions {
  readonly say: SaySomething
  readonly families: Families
  readonly log: Log
  settleAll(): void
}

export function agentStateEvents({ say, families, log, settleAll }: StateOptions): StateEvents {
  let last: Level = 0
  return {
    started({ version, node, config, sources, revision = '' }) {
      families.family('culprit_build_info').series(version, revision, process.version).set(1)
      families.family('culprit_config_last_reload_successful').series().set(1)
      const from = sources.length === 0 ? 'no source yet' : sources.join(', ')
      const fields = { version, node, config, sources }
      const sentence = `culprit ${version} started on ${node}, configuration ${config}: ${from}`
      say({ event: 'started', level: 'info', subject: undefined, fields, sentence })
    },
    stopped({ reason }) {
      settleAll()
      say({
        event: 'stopped',
        level: 'info',
        subject: undefined,
        fields: { reason },
        sentence: `stopped: ${reason}`,
      })
    },
    degraded({ level, trigger }) {
      families.family('culprit_degradation_level').series().set(level)
      const cause = trigger ?? ''
      const entered = ([1, 2, 3] as const).filter(each => each > last && each <= level)
      for (const each of entered)
        families.family('culprit_degradations_total').series(String(each), cause).add(1)
      last = level
      const why = level === 0 ? '' : ` because of ${cause}`
      const sentence = `level ${level}${why}: ${meaning[level]}`
      const fields = { degradation: level, trigger }
      say({ event: 'degraded', level: level === 0 ? 'info' : 'warn', subject: undefined, fields, sentence })
    },
    internalError({ component, error }) {
      const type = errorType(error)
      families.family('culprit_internal_errors_total').series(component, type).add(1)
      const text = error instanceof Error ? error.message : String(error)
      const stack = log.level === 'debug' && error instanceof Error ? { stack: error.stack } : {}
      const fields = { component, error_type: type, ...stack }
      const sentence = `${component} failed and goes on: ${text}`
      say({ event: 'internal_error', level: 'error', subject: `${component} ${type}`, fields, sentence })
    },
    httpListening({ address }) {
      say({
        event: 'http_listening',
        level: 'info',
        subject: address,
        fields: { address },
        sentence: `listening on ${address}`,
      })
    },
    httpFailed({ text }) {
      say({ event: 'http_failed', level: 'error', subject: '', fields: { text }, sentence: text })
    },
    clockStepped({ seconds }) {
      families
        .family('culprit_clock_steps_total')
        .series(seconds < 0 ? 'back' : 'forward')
        .add(1)
      const sentence = `the clock was set ${Math.abs(seconds)} s ${seconds < 0 ? 'back' : 'forward'}`
      say({ event: 'clock_stepped', level: 'warn', subject: '', fields: { seconds }, sentence })
    },
  }
}

/** `ENOSPC`, `TypeError`, or the type of what was thrown instead of an error. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.name
}
