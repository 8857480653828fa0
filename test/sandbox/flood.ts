// Datagrams out of a pod as fast as one socket sends them.

import { execPath } from 'node:process'
import { inNamespace } from '../../agent/quickstart/node.ts'
import { mustRun } from '../../agent/quickstart/run.ts'

const program = `
const [count, port, address] = process.argv.slice(1)
const socket = require('node:dgram').createSocket('udp4')
let sent = 0
let done = 0
const send = () => { if (sent < count) { sent++; socket.send('x', +port, address, next) } }
const next = () => { if (++done == count) socket.close(); else send() }
for (let i = 0; i < 50; i++) send()
`

/** Resolves when all were handed to the kernel. */
export async function flood(
  namespace: string,
  count: number,
  [address, port]: readonly [address: string, port: number],
): Promise<void> {
  const command = [execPath, '-e', program, String(count), String(port), address]
  await mustRun('ip', inNamespace(namespace, command), { timeoutMs: 30_000 })
}
