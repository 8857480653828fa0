// What follows from a configuration.

import { join } from 'node:path'
import type { PrefixVerdict } from '../../collectors/collector.ts'
import type { Config } from './schema.ts'
import type { SourceConfig } from './source.ts'

/** Where records are kept; undefined: nowhere. */
export function recordsDirectory({ records }: Config): string | undefined {
  return records.directory === 'off' ? undefined : records.directory
}

/** Where positions and counts are kept over a restart; undefined: nowhere. */
export function stateDirectory(config: Config): string | undefined {
  const { directory } = config.state
  if (directory !== undefined) return directory === 'off' ? undefined : directory
  const records = recordsDirectory(config)
  return records === undefined ? undefined : join(records, 'state')
}

/** What LOG prefixes mean to a source: its own come before those of the whole configuration. */
export function prefixesOf({ prefixes }: Config, source?: SourceConfig): readonly PrefixVerdict[] {
  const own = source !== undefined && 'prefixes' in source ? (source.prefixes ?? {}) : {}
  return Object.entries({ ...own, ...prefixes, ...own }).map(([prefix, verdict]) => ({
    prefix: prefix.trim(),
    verdict,
  }))
}
