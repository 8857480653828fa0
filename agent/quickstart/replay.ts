// The quickstart without a node: its recording, at its own pace, as if it happened now. It starts over at its end.

import { setTimeout } from 'node:timers/promises'
import type { WatchEvent } from './edit.ts'
import type { OnBytes, OnEvent, Quickstart, Source } from './quickstart.ts'
import { type Entry, readRecording, restamped } from './recording.ts'

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Ends early, without an error, when the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
}

/** Between the end of the recording and its next beginning. */
const restMs = 1_000

/** @throws when the recording cannot be read. */
export function openReplay(
  folder: string,
  nodeName: string,
  onBytes: OnBytes,
  onEvent: OnEvent,
  clock: Clock = systemClock,
): Quickstart {
  const entries = readRecording(folder)
  if (entries.length === 0) throw new Error(`Cannot replay "${folder}": the recording is empty`)
  const stop = new AbortController()
  const done = loop(entries, onBytes, onEvent, clock, stop.signal)
  return {
    mode: 'recording',
    nodeName,
    bootTime: Number.NaN,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}

async function loop(
  entries: readonly Entry[],
  onBytes: OnBytes,
  onEvent: OnEvent,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const first = entries[0]!.at
  const edits = entries.filter(entry => 'event' in entry && entry.event.type === 'MODIFIED').length
  for (let round = 0; !signal.aborted; round++) {
    const shift = Math.round(clock.now() * 1000) - first
    for (const entry of entries) {
      await clock.sleep(Math.max(0, (entry.at + shift) / 1000 - clock.now()), signal)
      if (signal.aborted) return
      if ('line' in entry) onBytes(entry.source, lineNow(entry.source, entry.line, entry.at + shift, round))
      else if (entry.event.type === 'MODIFIED')
        onEvent({ kind: 'watch', ...eventNow(entry.event, shift, round * edits) })
    }
    await clock.sleep(restMs, signal)
  }
}

/** A connection that comes round again is another connection, so its id must be another one. */
function lineNow(source: Source, line: string, at: number, round: number): Uint8Array {
  const again =
    source === 'conntrack' ? line.replace(/ id=(\d+)$/, (_, id) => ` id=${Number(id) + round}`) : line
  return Buffer.from(`${restamped(source, again, at)}\n`, 'latin1')
}

/** Generations only rise, and who wrote during the recording wrote just now. */
function eventNow(event: WatchEvent, shift: number, generations: number): WatchEvent {
  const { metadata } = event.object
  const recorded = Date.parse(event.at)
  const managedFields = (metadata.managedFields ?? []).map(entry => {
    const { time } = entry as { time: string }
    const isOfThisEdit = Date.parse(time) === Math.floor(recorded / 1000) * 1000
    return isOfThisEdit ? { ...(entry as object), time: `${shifted(event.at, shift).slice(0, 19)}Z` } : entry
  })
  const generation = (metadata.generation ?? 0) + generations
  return {
    ...event,
    at: shifted(event.at, shift),
    object: { ...event.object, metadata: { ...metadata, generation, managedFields } },
  }
}

function shifted(time: string, shift: number): string {
  return new Date(Math.floor(Date.parse(time) + shift / 1000)).toISOString()
}
