// What runs inside a pod: not a part of this process but the text of a short-lived one (listeners.ts), so it may use nothing of
// this file, and `process` is that one's.

export interface Ports {
  readonly tcp: readonly number[]
  readonly udp: readonly number[]
}

/** Opens the ports and hands the sockets to whoever started the process. */
export function makeSockets(ports: Ports): void {
  const { createServer } = process.getBuiltinModule('node:net')
  const { createSocket } = process.getBuiltinModule('node:dgram')
  const { existsSync } = process.getBuiltinModule('node:fs')
  for (const port of ports.tcp) {
    const server = createServer()
    server.listen(port, () => process.send?.(port, server))
  }
  for (const port of ports.udp) {
    // One socket for both families; a kernel without IPv6 has only the other kind.
    const socket = createSocket(existsSync('/proc/net/if_inet6') ? 'udp6' : 'udp4')
    socket.bind(port, () => process.send?.(port, socket))
  }
}
