// What the quickstart touches outside its own namespaces: one kernel switch and the lock file. `openMachine` claims the machine,
// repairs what a killed run left, and gives everything back when it is closed.

import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kill, pid } from 'node:process'
import { claim, processStartTime, type RunState, release, writeState } from './lock.ts'
import { run } from './run.ts'

/** The kernel writes LOG lines of other namespaces than the first only while this is 1. */
export const logSwitch = '/proc/sys/net/netfilter/nf_log_all_netns'

export interface Machine extends AsyncDisposable {
  /** Writes down, before they are made, the namespaces that have to go whatever happens to this process. */
  willMake(namespaces: readonly string[]): void
  /** Lets the kernel log packets of namespaces. Undone on close. */
  allowNamespaceLogs(): void
}

export class QuickstartRefused extends Error {}

/** `/run` is emptied at every start of the machine, so what it says is never older than that. */
export function stateFile(): string {
  return join(isWritable('/run') ? '/run' : tmpdir(), 'culprit-quickstart', 'state.json')
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** @throws QuickstartRefused while another quickstart runs. `say` gets one sentence per thing done to the host. */
export async function openMachine(say: (sentence: string) => void, file = stateFile()): Promise<Machine> {
  const own: RunState = { pid, startTime: processStartTime(pid) ?? '', namespaces: [] }
  const claimed = claim(file, own)
  if (claimed.kind === 'refused') throw new QuickstartRefused(claimed.reason)
  if (claimed.kind === 'repair') {
    say(`The last quickstart (process ${claimed.left.pid}) was killed; removing what it left`)
    await restore(claimed.left)
    writeState(file, own)
  }
  return machineOf(file, own, say)
}

function machineOf(file: string, own: RunState, say: (sentence: string) => void): Machine {
  let state = own
  const remember = (change: Partial<RunState>) => {
    state = { ...state, ...change }
    writeState(file, state)
  }
  return {
    willMake: namespaces => remember({ namespaces }),
    allowNamespaceLogs() {
      const logAllNetns = readFileSync(logSwitch, 'utf8').trim()
      if (logAllNetns === '1') return
      remember({ logAllNetns })
      writeFileSync(logSwitch, '1')
      say(`Set net.netfilter.nf_log_all_netns to 1 (was ${logAllNetns}; it is put back at the end)`)
    },
    async [Symbol.asyncDispose]() {
      await restore(state)
      release(file)
    },
  }
}

/** Removes the namespaces with everything in them and puts the switch back. What is gone already is no problem. */
async function restore({ namespaces, logAllNetns }: RunState): Promise<void> {
  await Promise.all(namespaces.map(endProcessesIn))
  const deletions = namespaces.map(name => `netns del ${name}\n`).join('')
  if (deletions !== '') await run('ip', ['-force', '-batch', '-'], { input: deletions })
  if (logAllNetns !== undefined) writeFileSync(logSwitch, logAllNetns)
}

/** A process that a killed run left in one of its namespaces would keep the namespace alive. */
async function endProcessesIn(namespace: string): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'pids', namespace])
  for (const line of stdout.split('\n')) {
    const id = Number(line)
    if (id > 0) endProcess(id)
  }
}

function endProcess(id: number): void {
  try {
    kill(id, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
