// Times as records write them.

import { formatTime } from '../timeline/time.ts'

/** Some 285,000 years: beyond it JavaScript's calendar ends. */
const LIMIT = 8.64e18

/** RFC 3339 UTC from microseconds since 1970, with milliseconds or better; undefined for NaN and for what no calendar holds. */
export function recordTime(micros: number): string | undefined {
  return Math.abs(micros) <= LIMIT ? formatTime(micros) : undefined
}
