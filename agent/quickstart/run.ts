// Runs one program to its end. Arguments are a list, never a shell's text, and every run has a time limit.

import { spawn } from 'node:child_process'
import { environment } from './programs.ts'

export interface Ended {
  /** The exit code; undefined when a signal or the time limit ended it, or when it could not be started. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Never rejects: what went wrong is in the answer. Runs in a process group of its own, so that Ctrl-C in a terminal reaches the
 * quickstart alone, which then takes down what it built in order.
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input, timeoutMs = 10_000, signal } = options
  return new Promise(resolve => {
    const child = spawn(program, args, {
      env: environment,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      detached: true,
      ...(signal ? { signal } : {}),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', error => resolve({ code: undefined, stdout, stderr: stderr || error.message }))
    child.on('close', code => resolve({ code: code ?? undefined, stdout, stderr }))
    // A program that ends without reading its input is told by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
  })
}

/** Like `run`, for what has to succeed. @throws with the program's own words. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code === 0) return stdout
  const why = stderr.trim() || (code === undefined ? 'it did not end in time' : `exit code ${code}`)
  throw new Error(`Cannot run "${[program, ...args].join(' ')}": ${why}`)
}
