// `sources: auto`: what is found on this host, as the configuration would list it.

import type { Config, SourceConfig } from '../config.ts'
import type { Profile } from '../policy/index.ts'
import { isInstalled } from '../source/child-program.ts'
import { discoverSources as discover, type FoundSource } from '../source/discover.ts'
import { realDisk } from '../source/disk.ts'

export interface DiscoveredSources {
  readonly found: readonly SourceConfig[]
  /** What is read, as a person would call it. */
  readonly texts: readonly string[]
  /** One sentence for each thing that is not read and would matter. */
  readonly notes: readonly string[]
  /** Of the CNI that was found; undefined where none was, or several that differ. */
  readonly profile: Profile | undefined
}

export function discoverSources({ host }: Pick<Config, 'host'>): DiscoveredSources {
  const { found, notFound, profile } = discover({
    ...host,
    kmsg: '/dev/kmsg',
    disk: realDisk,
    has: program => isInstalled(program),
  })
  return { found: found.map(configOf), texts: found.map(({ text }) => text), notes: notFound, profile }
}

function configOf({ source }: FoundSource): SourceConfig {
  return 'files' in source ? { ...source, files: [...source.files] } : source
}
