// The configuration that the agent starts with: whole, or a list of everything that is wrong with it.

import type { Config, Origins, Surroundings } from '../config.ts'
import { type ConfigFile, readConfigFile } from '../config-file.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'

export interface AgentConfig {
  readonly file: string | undefined
  readonly surroundings: Surroundings
  readonly config: Config
  readonly origins: Origins
  readonly hash: string
  readonly text: string
}

/** @throws UsageError naming the file and everything that is wrong. */
export function openAgentConfig(file: string | undefined, io: Io): AgentConfig {
  const surroundings = { environment: io.environment ?? {}, hostName: io.hostName ?? 'localhost' }
  const { reading, hash, text } = readFile(file, surroundings)
  if ('config' in reading) return { file, surroundings, ...reading, hash, text }
  const problems = reading.problems.map(problem => `\n  ${problem}`).join('')
  const what = file === undefined ? 'the environment' : `--config "${file}"`
  throw new UsageError(`Cannot use ${what}: it is wrong in${problems}`)
}

function readFile(file: string | undefined, surroundings: Surroundings): ConfigFile {
  try {
    return readConfigFile(file, surroundings)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : message
    throw new UsageError(`Cannot use --config "${file}": ${why}`, { cause })
  }
}
