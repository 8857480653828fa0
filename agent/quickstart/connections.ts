// Runs `conntrack -E` inside the node: every connection that was let through, as events. Denied packets never appear there.

import { spawn } from 'node:child_process'
import { inNamespace } from './node.ts'
import { environment } from './programs.ts'

const bufferBytes = 16 * 1024 * 1024
const newline = 10

export interface ConnectionOptions {
  readonly onBytes: (bytes: Uint8Array) => void
  /** The kernel's buffer was full; it does not say how many events did not fit. */
  readonly onLoss: () => void
  /** It ended though nobody had asked for it. */
  readonly onEnd: (why: string) => void
}

/** Passes whole lines on. Closing it waits until the program is gone, so that its namespace can go too. */
export function openConnections(namespace: string, options: ConnectionOptions): AsyncDisposable {
  const args = ['conntrack', '-E', '-o', 'timestamp,extended,id', '-b', String(bufferBytes)]
  const child = spawn('ip', inNamespace(namespace, args), {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let closing = false
  let lastWords = ''
  child.stdout.on('data', wholeLines(options.onBytes))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = text.trim()
    if (text.includes('ENOBUFS')) options.onLoss()
  })
  const ended = new Promise<void>(resolve => {
    const end = (why: string) => {
      if (!closing) options.onEnd(why)
      resolve()
    }
    child.on('error', error => end(error.message))
    child.on('close', () => end(lastWords || 'it ended without a word'))
  })
  return {
    async [Symbol.asyncDispose]() {
      closing = true
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Holds back the half line at the end of each chunk. */
function wholeLines(onBytes: (bytes: Uint8Array) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    const bytes = Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(newline) + 1
    rest = bytes.subarray(end)
    if (end > 0) onBytes(bytes.subarray(0, end))
  }
}
