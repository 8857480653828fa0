// What does the agent cost while nothing happens? On files only, and with the kernel's log, beside a Node process that does nothing but wake up as
// often as the agent's own beat: what the machine and Node take for that alone.
//
//   node test/bench/idle.bench.ts [--seconds N] [--settle SECONDS: what starting leaves behind is collected first]

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeNode, type Running, startAgent, untilSaid } from '../faults/node.ts'
import { deployed } from './deployed.ts'
import { configuration, stopAgent } from './live-agent.ts'
import { mind } from './live-children.ts'
import { load, processorSeconds, residentMemory } from './live-figures.ts'
import { median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    settle: { type: 'string', default: '25' },
    runs: { type: 'string', default: '3' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'culprit-idle-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const file = { format: 'netfilter-log', file: join(folder, 'kern.log') }
const kernel = { kernel: 'kmsg', begin: 'end' }
writeFileSync(file.file, '')

const bare = mind(spawn(process.execPath, ['--eval', 'setInterval(() => {}, 250)'], { stdio: 'ignore' }))
const agents = {
  'culprit, a file': await startOn('files', [file]),
  'culprit, a file and kmsg': await startOn('kmsg', [file, kernel]),
}
const processes: readonly [string, ChildProcess][] = [
  ['Node, a timer of 250 ms', bare],
  ...Object.entries(agents).map(([name, { child }]) => [name, child] as const),
].map(([name, child]) => [name, child] as [string, ChildProcess])

await sleep(Number(values.settle) * 1000)
const rounds: number[][] = []
for (let i = 0; i < Number(values.runs); i++) rounds.push(await shares(Number(values.seconds)))
const rows = processes.map(([name, { pid }], i) => {
  const percent = rounds.map(round => round[i]!)
  const spread = `${Math.min(...percent).toFixed(2)}-${Math.max(...percent).toFixed(2)}`
  return [name, median(percent).toFixed(2), spread, residentMemory(pid!).nowMebibytes.toFixed(0)]
})
console.log(`idle, ${values.runs} x ${values.seconds} s, load ${load()}`)
console.log(table(['', '% of a core', 'from-to', 'MiB'], rows))

bare.kill()
for (const running of Object.values(agents)) {
  if (running.said().includes('"source_trouble"')) console.log(running.said())
  await stopAgent(running)
}

async function startOn(name: string, sources: readonly object[]): Promise<Running> {
  const node = makeNode(join(folder, name))
  writeFileSync(node.config, configuration(node.dir, sources))
  const running = startAgent(node, {}, await deployed())
  mind(running.child)
  await untilSaid(running, '"started"')
  return running
}

/** Percent of a core that each takes, all at the same time. */
async function shares(seconds: number): Promise<number[]> {
  const used = (): number[] => processes.map(([, { pid }]) => processorSeconds(pid!))
  const before = used()
  const began = performance.now()
  await sleep(seconds * 1000)
  const elapsed = (performance.now() - began) / 1000
  return used().map((after, i) => ((after - before[i]!) / elapsed) * 100)
}
