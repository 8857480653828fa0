// `--config`, for every command that has it.

import { readFileSync } from 'node:fs'
import { DEFAULTS } from '../config/defaults.ts'
import type { Config, Surroundings } from '../config.ts'
import { UsageError } from './errors.ts'

/**
 * The configuration in the file; the defaults without a file. The schema is loaded only where there is something to check.
 * @throws UsageError naming the file and everything that is wrong with it.
 */
export async function openConfig(file: string | undefined, surroundings: Surroundings = {}): Promise<Config> {
  if (file === undefined) return DEFAULTS
  const { readConfig } = await import('../config.ts')
  const reading = readConfig(readText(file), surroundings)
  if ('config' in reading) return reading.config
  const problems = reading.problems.map(problem => `\n  ${problem}`).join('')
  throw new UsageError(`Cannot use --config "${file}": it is wrong in${problems}`)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : message
    throw new UsageError(`Cannot use --config "${file}": ${why}`, { cause })
  }
}
