// `culprit check`: is what the operator has set up right? One actionable line each. Today: the configuration, and the dry run of a log's
// format.

import type { Config } from '../config.ts'
import { withoutControl } from '../forensics/printable.ts'
import { type Dryness, dryRun } from './check-format.ts'
import { checkText } from './check-report.ts'
import { openConfig } from './config-option.ts'
import { UsageError } from './errors.ts'
import { openLog } from './finished-logs.ts'
import type { Io } from './io.ts'
import { formatOf, readable } from './log-format.ts'
import { parseLogOption } from './log-option.ts'

interface CheckOptions {
  readonly config?: string
  readonly format?: string
}

/** The exit code: 1 when the agent could not do what the configuration says, or nothing of the log is a packet or connection. */
export async function runCheck({ config: file, format }: CheckOptions, io: Io): Promise<number> {
  if (file === undefined && format === undefined)
    throw new UsageError(
      'Cannot check anything: name a configuration (--config FILE), a log (--format FORMAT:FILE), or both',
    )
  const surroundings = {
    ...(io.environment === undefined ? {} : { environment: io.environment }),
    ...(io.hostName === undefined ? {} : { hostName: io.hostName }),
  }
  const config = await openConfig(file, surroundings)
  if (file !== undefined) await io.stdout(`configuration "${file}": ok, ${settingsText(config)}\n`)
  if (format === undefined) return checkEffects(config, io)
  const run = await checkFormat(format, config, io)
  await io.stdout(checkText(run))
  return run.found.some(({ flows }) => flows > 0) ? 0 : 1
}

async function checkEffects(config: Config, io: Io): Promise<number> {
  const { effectsOf } = await import('./check-effective.ts')
  const { mistakenVariables } = await import('../config.ts')
  const effects = await effectsOf(config)
  const mistaken = mistakenVariables(io.environment ?? {}).map(text => ({ what: 'environment', text }))
  for (const { what, text } of [...effects, ...mistaken])
    await io.stdout(`  ${what.padEnd(11)} ${withoutControl(text)}\n`)
  return effects.some(({ wrong }) => wrong === true) ? 1 : 0
}

async function checkFormat(value: string, config: Config, io: Io): Promise<Dryness> {
  const log = parseLogOption(value, readable, '--format')
  formatOf(log, config, '--format')
  return dryRun(log, openLog(log, io, '--format'), config, io)
}

function settingsText({ custom }: Config): string {
  return custom === undefined ? 'and this is what it comes to' : `custom reads ${custom.lines} lines`
}
