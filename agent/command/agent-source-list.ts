// Which sources the agent opens: those that the configuration lists, or those that are found, looked for again as CNIs come and go.

import type { Config, SourceConfig } from '../config.ts'
import type { Profile } from '../policy/index.ts'
import { conntrackCountersOff, namespaceLogsOff } from '../source/host-checks.ts'
import type { SourceSpec } from '../sources.ts'
import type { Telemetry } from '../telemetry/index.ts'
import { specsOf } from './agent-sources.ts'
import { discoverSources } from './discover-sources.ts'
import type { Io } from './io.ts'

export interface SourceList {
  /** What is to be open now. */
  readonly specs: readonly SourceSpec[]
  /** The one of the configuration, or of the CNI that was found at the start. */
  readonly profile: Profile
  /** With another configuration. */
  become(config: Config): readonly SourceSpec[]
  /** Looks again; undefined where nothing is to change. */
  again(): readonly SourceSpec[] | undefined
}

export function createSourceList(first: Config, telemetry: Telemetry, io: Io): SourceList {
  let config = first
  let profile: Profile | undefined
  let wanted: readonly SourceConfig[] = []
  const said = new Set<string>()

  function say(texts: readonly (string | undefined)[]): void {
    for (const text of texts) {
      if (text === undefined || said.has(text)) continue
      said.add(text)
      telemetry.sourceNotFound({ text })
    }
  }

  function look(): readonly SourceConfig[] {
    if (config.sources !== 'auto') return config.sources
    const here = discoverSources(config)
    say(here.notes)
    profile ??= here.profile
    return here.found
  }

  function specs(): readonly SourceSpec[] {
    wanted = look()
    const { procDirectory: proc } = config.host
    if (wanted.some(source => 'kernel' in source)) say([namespaceLogsOff(proc)])
    if (wanted.some(source => 'conntrack' in source)) say([conntrackCountersOff(proc)])
    if (wanted.length === 0)
      say([
        `Found nothing to read in "${config.host.logDirectory}" nor in the kernel's log: list sources in the configuration`,
      ])
    return specsOf(wanted, config, io)
  }

  let current = specs()
  return {
    get specs() {
      return current
    },
    profile: config.profile === 'auto' ? (profile ?? 'upstream') : config.profile,
    become(next) {
      config = next
      current = specs()
      return current
    },
    again() {
      if (config.sources !== 'auto') return undefined
      const before = JSON.stringify(wanted)
      current = specs()
      return JSON.stringify(wanted) === before ? undefined : current
    },
  }
}
