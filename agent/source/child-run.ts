// Runs a program to its end for what it prints, line by line; a child of a source, not a source itself.

import { spawn } from 'node:child_process'
import { childEnvironment, missingAdvice, wordsAdvice } from './child-program.ts'
import { createLines, type OnLine } from './lines.ts'

export interface RunLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Never rejects: undefined when it did its work, else why not, as the end of a sentence. */
export function runLines(
  command: readonly string[],
  onLine: OnLine,
  { timeoutMs, signal }: RunLimits,
): Promise<string | undefined> {
  const [program, ...args] = command
  const deadline = AbortSignal.timeout(timeoutMs)
  return new Promise(resolve => {
    const lines = createLines(onLine)
    let words = ''
    const child = spawn(program!, args, {
      env: childEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      killSignal: 'SIGKILL',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    })
    // Where the system has no descriptors left there are no pipes either.
    child.stdout?.on('data', (chunk: Buffer) => lines.write(chunk))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-400)))
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(missingAdvice(program!))
      else resolve(deadline.aborted ? `it did not end within ${timeoutMs / 1000} s` : error.message)
    })
    child.on('close', code => {
      lines.close()
      if (code === 0) resolve(undefined)
      else resolve(wordsAdvice(program!, words.trim() || `it ended with exit code ${code}`))
    })
  })
}
