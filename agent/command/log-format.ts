// Which formats a `--log` may name: those of the registry, `custom` where the configuration has a mapping, and `auto`, which is all
// of them.

import type { Format } from '../../collectors/collector.ts'
import { customFormat } from '../../collectors/custom.ts'
import { formats } from '../../collectors/index.ts'
import type { Config } from '../config.ts'
import { UsageError } from './errors.ts'
import type { LogOption } from './log-option.ts'

/** The FORMATs that `--log` takes. */
export const readable: readonly string[] = [...formats.map(format => format.name), 'custom', 'auto']

/** Every format that a line may be of: a mapping is the least specific, so it comes last. */
export function formatsOf({ custom }: Config): readonly Format[] {
  return custom === undefined ? formats : [...formats, customFormat(custom)]
}

/**
 * The format that a log is said to be; undefined for `auto`.
 * @throws UsageError for `custom` without a mapping.
 */
export function formatOf({ format, file }: LogOption, config: Config, option = '--log'): Format | undefined {
  const found = formatsOf(config).find(({ name }) => name === format)
  if (found !== undefined || format === 'auto') return found
  throw new UsageError(
    `Cannot read ${option} "${format}:${file}": there is no mapping, give --config FILE with "${format}:" in it`,
  )
}
