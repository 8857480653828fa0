// Watches the sockets through which another program, such as ulogd, gets its packets: what finds no room there is lost before it
// can be written down. A lower bound: where the kernel sends packets in batches, a message that is dropped is several packets.

import { type Later, later as laterOn } from './later.ts'
import { netfilterSocketsOf, processesNamed } from './netlink.ts'
import type { SourceGap } from './receiver.ts'

export interface DropWatchOptions {
  /** Programs whose losses count, by their name in `/proc/PID/comm`. */
  readonly programs: readonly string[]
  readonly gap: (gap: SourceGap) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** `/proc` by default; the host's, where the agent has process ids of its own. */
  readonly proc?: string
  readonly everyMs?: number
  readonly later?: Later
}

/** Drops that are there at the first look happened before anybody watched. */
export function watchDrops(options: DropWatchOptions): Disposable {
  const { programs, gap, now, proc = '/proc', everyMs = 15_000, later = laterOn } = options
  let known = new Map<number, number>()
  let lookedMs = now()
  let isFirst = true
  let cancel = later(look, 0)

  function look(): void {
    const drops = readDrops()
    let lost = 0
    // A socket that was opened since the last look has lost everything it says.
    for (const [inode, count] of drops)
      lost += Math.max(0, count - (known.get(inode) ?? (isFirst ? count : 0)))
    if (lost > 0) gap({ cause: causeOf(programs, lost), from: lookedMs * 1000, to: now() * 1000 })
    known = drops
    isFirst = false
    lookedMs = now()
    cancel = later(look, everyMs)
  }

  function readDrops(): Map<number, number> {
    const sockets = processesNamed(programs, proc).flatMap(pid => netfilterSocketsOf(pid, proc))
    return new Map(sockets.map(({ inode, drops }) => [inode, drops]))
  }

  return { [Symbol.dispose]: () => cancel() }
}

function causeOf(programs: readonly string[], lost: number): string {
  const packets = lost === 1 ? '1 packet' : `${lost} packets`
  return `the socket of ${programs.join(' or ')} was full: at least ${packets} lost before they were written`
}
