// The real agent as a process in the node's network namespace, and what `culprit query` finds in its records.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ForensicRecord } from '../../agent/forensics/record.ts'
import { inNamespace } from '../../agent/quickstart/node.ts'
import { environment } from '../../agent/quickstart/programs.ts'
import { mustRun } from '../../agent/quickstart/run.ts'

const main = join(import.meta.dirname, '../../agent/culprit.mjs')

export interface AgentProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it wrote to standard output so far. */
  readonly records: readonly ForensicRecord[]
  /** Its own events so far. */
  readonly said: () => string
  /** Waits for a record; `about` is for the message when none comes. */
  until(about: string, holds: (records: readonly ForensicRecord[]) => boolean, ms?: number): Promise<void>
  /** Tells it to stop and gives its exit code, or the signal that ended it; undefined where it goes on. */
  stop(): Promise<number | NodeJS.Signals | null | undefined>
}

/** Ready, with every source open, when it resolves. */
export async function openAgentProcess(namespace: string, config: string): Promise<AgentProcess> {
  const records: ForensicRecord[] = []
  let said = ''
  const child = spawn('ip', inNamespace(namespace, [execPath, main, 'agent', '--config', config]), {
    env: { PATH: environment.PATH, TZ: environment.TZ },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  readRecords(child, record => records.push(record))
  const ended = new Promise<number | NodeJS.Signals | null>(resolve => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  const process: AgentProcess = {
    child,
    records,
    said: () => said,
    async until(about, holds, ms = 10_000) {
      for (const end = Date.now() + ms; !holds(records); await sleep(20))
        if (Date.now() > end || child.exitCode !== null)
          throw new Error(`The agent did not say within ${ms} ms: ${about}\n${said}`)
    },
    async stop() {
      child.kill('SIGTERM')
      return Promise.race([ended, sleep(10_000, undefined, { ref: false })])
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
  await process.until('that it has started', () => records.some(({ event }) => event === 'agent.started'))
  return process
}

function readRecords(child: ChildProcess, take: (record: ForensicRecord) => void): void {
  let rest = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(JSON.parse(line) as ForensicRecord)
  })
}

/** What the command finds, as anybody would ask it. */
export async function queryRecords(
  directory: string,
  ...options: readonly string[]
): Promise<ForensicRecord[]> {
  const args = [main, 'query', '--records', directory, '--output', 'json', ...options]
  const text = await mustRun(execPath, args, { timeoutMs: 30_000 })
  return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as ForensicRecord]))
}
