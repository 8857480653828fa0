// Holds the connections of a listener to a number. One that is busy is never cut for a new one; of the others the one that has said
// nothing for longest is, so that a thousand idle connections keep nobody out.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  readonly size: number
  /** Ends all that wait for nothing; Node's own way leaves those that have never asked. */
  endIdle(): void
}

export function limitConnections(server: Server, most: number): Connections {
  // In the order in which they last spoke.
  const idle = new Set<Socket>()
  /** Requests under way; there may be several, sent at once. */
  const busy = new Map<Socket, number>()

  function makeRoom(): void {
    const [oldest] = idle
    if (oldest === undefined || idle.size + busy.size <= most) return
    idle.delete(oldest)
    oldest.destroy()
  }

  server.on('connection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => {
      idle.delete(socket)
      busy.delete(socket)
    })
    makeRoom()
  })
  server.prependListener('request', ({ socket }, response) => {
    idle.delete(socket)
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const rest = (busy.get(socket) ?? 1) - 1
      if (rest > 0) busy.set(socket, rest)
      else if (busy.delete(socket) && !socket.destroyed) idle.add(socket)
    })
  })
  return {
    get size() {
      return idle.size + busy.size
    },
    endIdle() {
      for (const socket of idle) socket.destroy()
      idle.clear()
    },
  }
}
