// The file of the configuration while the agent runs: followed through every way of editing it. A bad edit is refused as a whole and the last
// good configuration goes on; what is wrong is said once for each content.

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type ChangedKeys,
  type Config,
  type ConfigReading,
  changedKeys,
  contentHash,
  type Origins,
  readConfig,
  type Surroundings,
} from './config.ts'
import { type Look, lookAtFile } from './config-file/look.ts'
import { createSettling } from './config-file/settle.ts'
import { type LookOptions, lookAgain } from './look-again.ts'

export interface ConfigFile {
  readonly text: string
  /** What `agent.started` names it by. */
  readonly hash: string
  readonly reading: ConfigReading
}

/** At the start; without a file there is an empty text. @throws ErrnoException where the file cannot be read. */
export function readConfigFile(file: string | undefined, surroundings: Surroundings): ConfigFile {
  const text = file === undefined ? '' : readFileSync(file, 'utf8')
  return { text, hash: contentHash(text), reading: readConfig(text, surroundings) }
}

export interface ConfigChange {
  readonly config: Config
  readonly origins: Origins
  readonly hash: string
  /** None where only comments changed, or where a bad edit was taken back. */
  readonly keys: ChangedKeys
}

export interface WatchConfigOptions extends Pick<LookOptions, 'signal' | 'pollMs' | 'settleMs' | 'watch'> {
  readonly file: string
  readonly surroundings: Surroundings
  /** What is in force, and the text it was read from. */
  readonly config: Config
  readonly text: string
  onChanged(change: ConfigChange): void
  /** A line for each problem; the configuration that is in force goes on. */
  onRefused(problems: readonly string[]): void
  readonly look?: (file: string) => Look
}

/** Resolves when the signal is aborted. */
export async function watchConfig(options: WatchConfigOptions): Promise<void> {
  const { file, look = lookAtFile } = options
  const settling = createSettling(options.text)
  let inForce = options.config
  await lookAgain(
    () => {
      const seen = settling.see(look(file))
      if (seen === 'wait') return 'settling'
      if (seen !== 'same') inForce = take(seen, inForce, options)
      return 'settled'
    },
    { ...options, directories: () => [dirname(file)] },
  )
}

/** The configuration that is in force from now on. */
function take(found: Look, inForce: Config, options: WatchConfigOptions): Config {
  if ('trouble' in found) {
    options.onRefused([`Cannot read "${options.file}": ${found.trouble}`])
    return inForce
  }
  const reading = readConfig(found.text, options.surroundings)
  if ('problems' in reading) {
    options.onRefused(reading.problems)
    return inForce
  }
  const { config, origins } = reading
  options.onChanged({ config, origins, hash: contentHash(found.text), keys: changedKeys(inForce, config) })
  return config
}
