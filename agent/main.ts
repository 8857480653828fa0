#!/usr/bin/env node
// The process: arguments, signals, standard streams and exit codes. The only file that touches `process`.

import { hostname } from 'node:os'
import { runProgram } from './command/program.ts'

const abort = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))

// A reader that has seen enough (`| head`) is no error: stop, quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Anything else comes back from the write that failed.
  if (error.code === 'EPIPE') stop('EPIPE')
})

/** Whoever waits for standard input must not wait for ever. */
function stop(reason: string): void {
  abort.abort(reason)
  process.stdin.destroy()
}

function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, error => {
      const isClosed =
        (error as NodeJS.ErrnoException | null | undefined)?.code === 'EPIPE' || process.stdout.destroyed
      if (error && !isClosed) reject(error)
      else resolve()
    })
  })
}

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: writeOut,
  stderr: text => void process.stderr.write(text),
  stdin: () => process.stdin,
  isTerminal: process.stdout.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
  columns: process.stdout.columns,
  // https://no-color.org: any value but an empty one.
  isColoured: process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
  signal: abort.signal,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  environment: process.env,
  hostName: hostname(),
  now: () => Date.now(),
})

// What is written to somebody who does not read keeps a process alive for ever; whoever was told to stop has said all it could.
if (abort.signal.aborted) setTimeout(() => process.exit(), 1000).unref()
