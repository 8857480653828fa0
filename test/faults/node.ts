// A node with nothing but a log directory and a manifest directory, the real agent on it, and somebody who writes denials into its log
// at a given rate and remembers how many of each there were.

import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { plainNode } from '../plain-node.ts'

const root = join(import.meta.dirname, '../..')
const clients = 40

export interface TestNode {
  readonly dir: string
  readonly log: string
  readonly records: string
  readonly config: string
}

/** Extra lines of the configuration, as YAML. */
export function makeNode(dir: string, extra = ''): TestNode {
  const node = {
    dir,
    log: join(dir, 'log/kern.log'),
    records: join(dir, 'records'),
    config: join(dir, 'culprit.yaml'),
  }
  mkdirSync(join(dir, 'log'), { recursive: true })
  mkdirSync(join(dir, 'manifests'), { recursive: true })
  writeFileSync(join(dir, 'manifests/cluster.json'), JSON.stringify({ kind: 'List', items: objects() }))
  writeFileSync(
    node.config,
    `node: w1
manifests: ${join(dir, 'manifests')}
sources: [{format: netfilter-log, file: ${node.log}}]
records: {directory: ${node.records}}
output: {records: off}
http: off
${extra}`,
  )
  return node
}

function objects(): object[] {
  const pod = (name: string, ip: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, uid: name, labels: { app: name } },
    spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
    status: { phase: 'Running', podIPs: [{ ip }], hostIP: '192.168.0.1' },
  })
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'w1' },
      spec: { podCIDRs: ['10.0.0.0/16'] },
      status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
    },
    pod('db', '10.0.0.2'),
    ...Array.from({ length: clients }, (_, i) => pod(`c${i}`, `10.0.1.${i + 1}`)),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: 'shop', name: 'db-in', uid: 'u', generation: 1 },
      spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [] },
    },
  ]
}

export interface Running {
  readonly child: ChildProcess
  /** Everything it said on standard error. */
  readonly said: () => string
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** `program`: the sources, or a bundle of them. */
export function startAgent(
  { config }: TestNode,
  environment: Readonly<Record<string, string>> = {},
  program: string = join(root, 'agent/culprit.mjs'),
): Running {
  let text = ''
  const child = spawn(plainNode[0], [...plainNode.slice(1), program, 'agent', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  })
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = new Promise<number | NodeJS.Signals | null>(resolve => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  return { child, said: () => text, ended }
}

export async function untilSaid(running: Running, word: string, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !running.said().includes(word); await sleep(20))
    if (Date.now() > end) throw new Error(`not said within ${ms} ms: ${word}\n${running.said()}`)
}

/** The state on the disk says that the log was read to its end. */
export async function untilRead({ log, records }: TestNode, ms = 120_000): Promise<void> {
  const { size } = statSync(log)
  for (const end = Date.now() + ms; offsetIn(join(records, 'state'), log) !== size; await sleep(50))
    if (Date.now() > end) throw new Error(`"${log}" was not read to its end (${size}) within ${ms} ms`)
}

/** Where the newest state stands in the file that is under the name. */
function offsetIn(state: string, log: string): number {
  const newest = readdirSync(state)
    .filter(name => name.endsWith('.jsonl'))
    .sort()
    .at(-1)
  if (newest === undefined) return -1
  const { ino } = statSync(log)
  const text = readFileSync(join(state, newest), 'utf8')
  const last = text.lastIndexOf(`"ino":${ino},`)
  return last < 0 ? -1 : Number(/"offset":(\d+)/.exec(text.slice(last))?.[1] ?? -1)
}

export interface Writer {
  /** Lines by client. */
  readonly written: ReadonlyMap<string, number>
  readonly total: number
  /** The file is renamed, and the next line goes into a new one. */
  rotate(to: string): void
  /** The file is copied and then emptied, as logrotate's copytruncate does. */
  copyAndTruncate(to: string): void
  /** It goes on with the file that is now under the name, or with a new one. */
  reopen(): void
  stop(): void
}

/** Writes about `rate` lines a second, whole lines and halves of them as they come. */
export function startWriter({ log }: TestNode, rate: number): Writer {
  const written = new Map<string, number>()
  let fd = openSync(log, 'a')
  let total = 0
  let serial = 0
  const began = Date.now()

  function write(): void {
    const due = Math.min(rate, Math.floor(((Date.now() - began) * rate) / 1000) - total)
    if (due <= 0) return
    const stamp = new Date().toISOString().replace('Z', '000+00:00')
    let text = ''
    for (let i = 0; i < due; i++) text += lineOf(stamp)
    const bytes = Buffer.from(text)
    // A writer's buffer ends anywhere.
    const cut = Math.floor(bytes.length * Math.random())
    writeSync(fd, bytes, 0, cut)
    writeSync(fd, bytes, cut)
  }

  function lineOf(stamp: string): string {
    const client = serial++ % clients
    const name = `c${client}`
    written.set(name, (written.get(name) ?? 0) + 1)
    total++
    return `${stamp} w1 kernel: np-drop shop/db-in IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=10.0.1.${client + 1} DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${serial % 65536} DF PROTO=TCP SPT=${1024 + (serial % 60000)} DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 \n`
  }

  const timer = setInterval(write, 10)
  return {
    written,
    get total() {
      return total
    },
    rotate(to) {
      renameSync(log, to)
      closeSync(fd)
      fd = openSync(log, 'a')
    },
    copyAndTruncate(to) {
      writeFileSync(to, readFileSync(log))
      writeFileSync(log, '')
    },
    reopen() {
      closeSync(fd)
      fd = openSync(log, 'a')
    },
    stop() {
      clearInterval(timer)
      closeSync(fd)
    },
  }
}
