// Follows the kernel's connections through `conntrack -E`, which prints each event as it happens: every connection that was let
// through. Nothing can be read again, so what happens while the program is not there, or does not fit its buffer, is a gap.

import { randomUUID } from 'node:crypto'
import { keepRunning } from './child.ts'
import { createComplaint } from './complaint.ts'
import { type ConntrackLife, openConntrackLife } from './conntrack-life.ts'
import { whySilent } from './conntrack-silence.ts'
import type { ReadSockets } from './conntrack-subscription.ts'
import { type Later, later as laterOn } from './later.ts'
import { createOutage } from './outage.ts'
import type { LiveSource, Receiver } from './receiver.ts'

export interface ConntrackOptions {
  readonly receiver: Receiver
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What runs the program; `['conntrack']` by default, `['ip', 'netns', 'exec', 'x', 'conntrack']` elsewhere. */
  readonly command?: readonly string[]
  /** Of the network namespace's settings. */
  readonly proc?: string
  /** Of the kernel's buffer for events that were not read yet. */
  readonly bufferBytes?: number
  /** Without any event for so long, it is looked into why. */
  readonly silentAfterMs?: number
  readonly firstRestartMs?: number
  readonly longestRestartMs?: number
  readonly later?: Later
  readonly readSockets?: ReadSockets
}

const defaultBuffer = 16 * 1024 * 1024
const fiveMinutes = 300_000
/** How often it is looked at what did not fit the buffer. */
const lookEveryMs = 5000

export function openConntrackEvents(options: ConntrackOptions): LiveSource {
  const { receiver, now, command = ['conntrack'], proc = '/proc', later = laterOn } = options
  const silentAfterMs = options.silentAfterMs ?? fiveMinutes
  const name = 'conntrack -E'
  const say = createComplaint(receiver)
  const outage = createOutage('conntrack was not running', receiver, now)
  const closing = new AbortController()
  let life: ConntrackLife | undefined
  let lastEventMs = now()
  let isSilent = false

  const child = keepRunning({
    ...options,
    command: () => [
      ...command,
      '-E',
      '-o',
      'timestamp,extended,id',
      '-b',
      `${options.bufferBytes ?? defaultBuffer}`,
    ],
    // Until it is known what was there before, events wait.
    isFull: () => !life?.isReady || receiver.isFull,
    begin(pid) {
      const own = openConntrackLife({
        ...options,
        command,
        later,
        pid,
        stream: randomUUID(),
        onReady(why) {
          outage.over()
          say(why === undefined ? undefined : `Cannot list the connections that were there before: ${why}`)
        },
      })
      life = own
      return {
        bytes(chunk) {
          lastEventMs = now()
          if (isSilent) say(undefined)
          isSilent = false
          own.bytes(chunk)
        },
        words: own.words,
        ended(why) {
          own.ended()
          if (closing.signal.aborted) return
          outage.goesOn(own.readUntilMs, why)
          say(`Cannot follow "${name}": ${why}`)
        },
      }
    },
  })
  let cancel = later(look, lookEveryMs)

  function look(): void {
    life?.look()
    if (life?.isReady && now() - lastEventMs >= silentAfterMs) void askWhySilent()
    cancel = later(look, lookEveryMs)
  }

  async function askWhySilent(): Promise<void> {
    // Asked again after the same time.
    lastEventMs = now()
    const why = await whySilent(command, proc, closing.signal)
    if (closing.signal.aborted || !life?.isReady || (why === undefined && !isSilent)) return
    isSilent = why !== undefined
    say(why)
  }

  return {
    format: 'conntrack',
    name,
    position: () => undefined,
    async [Symbol.asyncDispose]() {
      cancel()
      life?.look()
      closing.abort()
      await child[Symbol.asyncDispose]()
      outage.over()
    },
  }
}
