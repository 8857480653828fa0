// The real program, as a process: signals, closed pipes, exit codes.

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import t from 'tap'
import { plainNode } from '../plain-node.ts'

const root = join(import.meta.dirname, '../..')
const shop = join(root, 'deploy/quickstart')
const kernel = readFileSync(join(shop, 'recording/kernel.log'))

type Program = ChildProcessByStdio<Writable, Readable, Readable>

function start(...args: string[]): Program {
  return spawn(plainNode[0], [...plainNode.slice(1), join(root, 'agent/culprit.mjs'), ...args], {
    stdio: 'pipe',
  })
}

async function end(program: Program): Promise<{ code: number | null; stderr: string }> {
  let stderr = ''
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = await once(program, 'close')
  return { code, stderr }
}

/** Resolves when the program has written something that matches. */
function seen(stream: Readable, pattern: RegExp): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    stream.on('data', (chunk: Buffer) => {
      text += chunk
      if (pattern.test(text)) resolve(text)
    })
  })
}

t.test('replay that is interrupted writes what it has, says so, and ends with 1', async t => {
  const program = start('replay', '--world', shop, '--log', 'netfilter-log,zone=UTC,year=2026:-')
  let stdout = ''
  program.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  // More than a pipe holds: once it is written, most of it has been read. Nobody ends its standard input.
  const long = kernel.toString().repeat(Math.ceil(400_000 / kernel.length))
  program.stdin.write(long, () => setTimeout(() => program.kill('SIGTERM'), 250))
  const { code, stderr } = await end(program)
  t.equal(code, 1)
  t.match(stderr, /interrupted: what had been read is written/)
  t.match(stdout, /"event":"flow.denied"/)
})

t.test('replay ends quietly when its reader has seen enough', async t => {
  const program = start(
    'replay',
    '--world',
    shop,
    '--log',
    `netfilter-log:${join(shop, 'recording/kernel.log')}`,
    '--fold',
    'off',
  )
  program.stdout.destroy()
  const { stderr } = await end(program)
  t.notMatch(stderr, /fault|EPIPE|at /)
})

t.test('quickstart without a terminal prints JSON lines at once, and ends with 0 at Ctrl-C', async t => {
  const program = start('quickstart', '--recording')
  const [text] = await Promise.all([
    seen(program.stdout, /"flow\.denied".*\n/),
    seen(program.stderr, /A recording of a real node/),
  ])
  t.equal(JSON.parse(text.split('\n')[0]!).v, 1)
  program.kill('SIGINT')
  t.equal((await end(program)).code, 0)
})
