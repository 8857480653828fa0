// How the event socket of a running `conntrack -E` is doing: whether it listens yet, and what did not fit into its buffer.

import { type NetlinkSocket, netfilterSocketsOf } from './netlink.ts'

export interface Subscription {
  /** The kernel sends it events. */
  isOpen(): boolean
  /** Events that were dropped since the last call; undefined where nobody can know. */
  takeDrops(): number | undefined
  /** Nothing waits in its buffer: all that has happened was read. */
  isDrained(): boolean
}

export type ReadSockets = (pid: number) => readonly NetlinkSocket[]

export function watchSubscription(
  pid: number,
  read: ReadSockets = id => netfilterSocketsOf(id),
): Subscription {
  let counted = 0
  const events = () => read(pid).filter(({ groups }) => groups !== 0)
  return {
    isOpen: () => events().length > 0,
    takeDrops() {
      const sockets = events()
      if (sockets.length === 0) return undefined
      const drops = sockets.reduce((sum, socket) => sum + socket.drops, 0)
      const more = Math.max(0, drops - counted)
      counted = Math.max(drops, counted)
      return more
    },
    isDrained() {
      const sockets = events()
      return sockets.length > 0 && sockets.every(({ waiting }) => waiting === 0)
    },
  }
}
