// One run of `conntrack -E`. First it is waited until the kernel sends it events, then the connections that are there are listed,
// and then its lines are read: so none is missed, and none that was answered before is taken for a new one.

import { setTimeout as sleep } from 'node:timers/promises'
import { runLines } from './child-run.ts'
import { createKnownConnections } from './conntrack-known.ts'
import { type ReadSockets, watchSubscription } from './conntrack-subscription.ts'
import type { Later } from './later.ts'
import { createLines } from './lines.ts'
import type { Inlet, Receiver } from './receiver.ts'

export interface LifeOptions {
  readonly receiver: Receiver
  readonly now: () => number
  readonly later: Later
  readonly command: readonly string[]
  /** Undefined where the program could not be started. */
  readonly pid: number | undefined
  /** Names what it says in record ids. */
  readonly stream: string
  readonly readSockets?: ReadSockets
  /** Its events can be read from now on; `why` the connections that were there could not be listed. */
  readonly onReady: (why: string | undefined) => void
}

export interface ConntrackLife {
  readonly isReady: boolean
  /** Everything that happened up to then was read, in milliseconds since 1970; undefined before it was ready. */
  readonly readUntilMs: number | undefined
  bytes(chunk: Buffer): void
  words(text: string): void
  /** Tells what did not fit the kernel's buffer since the last look. */
  look(): void
  ended(): void
}

const openWithinMs = 1000
const openEveryMs = 10
/** A table of a million connections takes some seconds. */
const listWithinMs = 30_000
/** A burst of warnings is one gap. */
const burstMs = 100
const full = 'the buffer of conntrack was full, so the kernel dropped events'

export function openConntrackLife(options: LifeOptions): ConntrackLife {
  const { receiver, now, later, command, pid } = options
  const known = createKnownConnections()
  const subscription = watchSubscription(pid ?? -1, options.readSockets)
  const ending = new AbortController()
  const lines = createLines((bytes, start, end, offset) => {
    if (!known.isKnown(bytes, start, end)) inlet?.line(bytes, start, end, offset)
  })
  let inlet: Inlet | undefined
  let readUntilMs: number | undefined
  let burst: (() => void) | undefined
  // It warned before there was anybody to tell.
  let isOwing = false
  if (pid !== undefined) void prepare()

  async function prepare(): Promise<void> {
    await untilOpen()
    const why = await listAll()
    if (ending.signal.aborted) return
    inlet = receiver.open({ stream: options.stream, file: undefined })
    readUntilMs = now()
    if (isOwing) lookAfterBurst()
    options.onReady(why)
  }

  /** Where its sockets cannot be seen it has had its time. */
  async function untilOpen(): Promise<void> {
    const deadline = now() + openWithinMs
    while (!ending.signal.aborted && !subscription.isOpen() && now() < deadline) await sleep(openEveryMs)
  }

  async function listAll(): Promise<string | undefined> {
    for (const family of ['ipv4', 'ipv6']) {
      const list = [...command, '-L', '-f', family, '-o', 'extended,id']
      const why = await runLines(list, known.list, { timeoutMs: listWithinMs, signal: ending.signal })
      if (why !== undefined) return why
    }
    return undefined
  }

  function look(): void {
    // What is taken while there is nobody to tell would never be told.
    if (inlet === undefined) return
    const lost = subscription.takeDrops()
    if (lost !== undefined) {
      // What it warned of up to now is in the number. At the end nobody could count it any more.
      burst?.()
      burst = undefined
      if (lost > 0) inlet.gap({ cause: full, lost })
    }
    if (!receiver.isFull && subscription.isDrained()) readUntilMs = now()
  }

  function lookAfterBurst(): void {
    burst = undefined
    isOwing = inlet === undefined
    if (isOwing) return
    const lost = subscription.takeDrops()
    // Nothing since the last look: it has been told already.
    if (lost !== 0) inlet?.gap({ cause: full, lost })
  }

  return {
    get isReady() {
      return inlet !== undefined
    },
    get readUntilMs() {
      return readUntilMs
    },
    bytes(chunk) {
      lines.write(chunk)
      readUntilMs = lastStampMs(chunk) ?? readUntilMs
    },
    words(text) {
      if (text.includes('ENOBUFS')) burst ??= later(lookAfterBurst, burstMs)
    },
    look,
    ended() {
      ending.abort()
      burst?.()
      if (burst !== undefined) lookAfterBurst()
      lines.close()
      inlet?.end()
      inlet = undefined
    },
  }
}

const LINE_START = Buffer.from('\n[')

/** The time of the last event that begins in the chunk, in milliseconds since 1970. */
function lastStampMs(chunk: Buffer): number | undefined {
  const at = chunk.lastIndexOf(LINE_START, chunk.length - '\n[1795541609.664935]'.length)
  const found = /^\[(\d{1,11}\.\d{6})\]/.exec(chunk.toString('latin1', at + 1, at + 32))
  return found === null ? undefined : Number(found[1]) * 1000
}
