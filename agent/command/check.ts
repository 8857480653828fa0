// `culprit check`: is what the operator has set up right? One actionable line each. Today: the configuration, and the dry run of a log's
// format.

import type { Config } from '../config.ts'
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

/** The exit code: 1 when nothing of the log could be read as a packet or connection. */
export async function runCheck({ config: file, format }: CheckOptions, io: Io): Promise<number> {
  if (file === undefined && format === undefined)
    throw new UsageError(
      'Cannot check anything: name a configuration (--config FILE), a log (--format FORMAT:FILE), or both',
    )
  const config = await openConfig(file)
  if (file !== undefined) await io.stdout(`configuration "${file}": ok, ${settingsText(config)}\n`)
  if (format === undefined) return 0
  const run = await checkFormat(format, config, io)
  await io.stdout(checkText(run))
  return run.found.some(({ flows }) => flows > 0) ? 0 : 1
}

async function checkFormat(value: string, config: Config, io: Io): Promise<Dryness> {
  const log = parseLogOption(value, readable, '--format')
  formatOf(log, config, '--format')
  return dryRun(log, openLog(log, io, '--format'), config, io)
}

function settingsText({ custom }: Config): string {
  return custom === undefined ? 'it sets nothing' : `custom reads ${custom.lines} lines`
}
