// Runs a command in this process, with streams of the test's own.

import { runProgram } from '../../agent/command/program.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `input` are the chunks of standard input. The machine is in UTC, and it is noon. */
export async function run(argv: readonly string[], input: readonly Uint8Array[] = []): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const code = await runProgram(argv, {
    stdout: async text => {
      stdout += text
    },
    stderr: text => {
      stderr += text
    },
    stdin: async function* () {
      yield* input
    },
    isTerminal: false,
    signal: new AbortController().signal,
    zone: 'UTC',
    now: () => Date.parse('2026-11-24T12:00:00Z'),
  })
  return { code, stdout, stderr }
}
