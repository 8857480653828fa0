// Feeds a ceiling once a second while the process lives, and says when its level changes.

import type { Ceiling, CeilingReadings, LevelChange } from './ceiling.ts'
import { type Every, interval } from './interval.ts'

export interface WatchCeilingOptions {
  read(): CeilingReadings | Promise<CeilingReadings>
  readonly ceiling: Ceiling
  onLevel(change: LevelChange): void
  /** Reading or acting failed; the watch goes on. */
  onError(error: unknown): void
  readonly everyMs?: number
  readonly every?: Every
}

/** A reading that takes longer than the interval delays the next one: two are never under way together. */
export function watchCeiling({
  read,
  ceiling,
  onLevel,
  onError,
  everyMs = 1000,
  every = interval,
}: WatchCeilingOptions): Disposable {
  let isReading = false
  let isOver = false

  async function look(): Promise<void> {
    if (isReading) return
    isReading = true
    try {
      const readings = await read()
      const change = isOver ? undefined : ceiling.feed(readings)
      if (change !== undefined) onLevel(change)
    } catch (error) {
      onError(error)
    } finally {
      isReading = false
    }
  }

  const stop = every(look, everyMs)
  return {
    [Symbol.dispose]() {
      isOver = true
      stop()
    },
  }
}
