// The servers inside the pods. A socket belongs to the namespace it was made in for ever, so a short-lived Node process per pod
// makes the sockets and hands them over; then one process, ours, serves all pods and nothing else keeps running.

import { spawn } from 'node:child_process'
import type { Socket } from 'node:dgram'
import type { Server } from 'node:net'
import { execPath } from 'node:process'
import { inNamespace } from './node.ts'
import type { Host } from './plan.ts'
import { makeSockets, type Ports } from './pod-program.ts'
import { environment } from './programs.ts'

type Listener = Server | Socket
const answer = '.'

/** A few at a time, so that the first attempts get some of the processor too. */
const atOnce = 3

/** A socket that never came would look like a policy's doing. */
const patienceMs = 10_000

/** Opens every declared port of the hosts; ready when it resolves. Every request is answered with one byte. */
export async function openListeners(hosts: readonly Host[], signal?: AbortSignal): Promise<Disposable> {
  const open: Listener[] = []
  let isClosed = false
  const close = () => {
    isClosed = true
    for (const listener of open.splice(0)) listener.close()
  }
  // A socket may still be on its way when its maker has been killed.
  const opened = (listener: Listener) => (isClosed ? void listener.close() : void open.push(listener))
  const waiting = hosts.values()
  const serveInTurn = async () => {
    for (const host of waiting) await serve(host, opened, signal)
  }
  const results = await Promise.allSettled(Array.from({ length: atOnce }, serveInTurn))
  const failed = results.find(({ status }) => status === 'rejected')
  if (failed) {
    close()
    throw (failed as PromiseRejectedResult).reason
  }
  return { [Symbol.dispose]: close }
}

function serve(
  host: Host,
  opened: (listener: Listener) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ports = portsOf(host)
  let missing = ports.tcp.length + ports.udp.length
  if (missing === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const child = spawn('ip', inNamespace(host.namespace, [execPath, '-e', programFor(ports)]), {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
      detached: true,
      ...(signal ? { signal } : {}),
    })
    child.on('message', (_port, handle) => {
      const listener = handle as Listener
      opened(listener)
      answerOn(listener)
      if (--missing === 0) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('exit', () => {
      if (missing === 0) resolve()
      else reject(new Error(`Cannot listen in "${host.namespace}": ${missing} sockets did not open`))
    })
  })
}

function portsOf({ ports }: Host): Ports {
  const of = (name: string) => ports.filter(({ protocol }) => protocol === name).map(({ port }) => port)
  return { tcp: of('TCP'), udp: of('UDP') }
}

/** Handed over as text: it starts in half the time of a TypeScript file, and there are a dozen of them. */
function programFor(ports: Ports): string {
  return `(${makeSockets.toString()})(${JSON.stringify(ports)})`
}

function answerOn(listener: Listener): void {
  if (!('listening' in listener)) {
    listener.on('message', (_request, peer) => listener.send(answer, peer.port, peer.address))
    return
  }
  listener.on('connection', socket => {
    socket.on('data', () => socket.end(answer))
    socket.on('error', () => {}) // the client was killed while it waited: its affair
  })
}
