// Where the agent's own words go: JSON lines (pino), or `culprit: sentence` for a person's terminal.

import { pino } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  /** Takes one line with its newline. */
  write(line: string): void
  readonly level: LogLevel
  /** Milliseconds since 1970. */
  now(): number
  readonly form?: 'json' | 'plain'
}

export interface Log {
  /** `fields` are for machines; `sentence` stands alone. */
  write(level: LogLevel, fields: Readonly<Record<string, unknown>>, sentence: string): void
  setLevel(level: LogLevel): void
  readonly level: LogLevel
}

export function createLog(options: LogOptions): Log {
  return options.form === 'plain' ? plainLog(options) : jsonLog(options)
}

function jsonLog({ write, level, now }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    { write },
  )
  return {
    write(level, fields, sentence) {
      logger[level](fields, sentence)
    },
    setLevel(level) {
      logger.level = level
    },
    get level() {
      return logger.level as LogLevel
    },
  }
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

function plainLog({ write, ...options }: LogOptions): Log {
  let { level } = options
  return {
    write(of, fields, sentence) {
      if (ranks[of] < ranks[level]) return
      const stack = typeof fields.stack === 'string' ? `\n${fields.stack}` : ''
      write(`culprit: ${printable(sentence + stack)}\n`)
    },
    setLevel(next) {
      level = next
    },
    get level() {
      return level
    },
  }
}

/** What a terminal might obey is shown instead: names come from logs and manifests that others write. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
