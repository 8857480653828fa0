// The year of a log whose stamps have none: the one nearest before the file's last change.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000

interface Stamp {
  /** 0-11 */
  readonly month: number
  readonly day: number
}

/** The stamps of `head` that have no year, all of the kind that comes first: classic, else klog's. */
function yearless(head: Uint8Array): Stamp[] {
  const text = Buffer.from(head).toString('latin1')
  const classic =
    /(?:^|[\n"> ])(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) \d\d:\d\d:\d\d/g
  const found = [...text.matchAll(classic)].map(([, month, day]) => ({
    month: months.indexOf(month!),
    day: Number(day),
  }))
  if (found.length > 0) return found
  const klog = /(?:^|[\n" ])[IWEF](0[1-9]|1[0-2])(\d\d) \d\d:\d\d:\d\d\.\d{6} +\d+ /g
  return [...text.matchAll(klog)].map(([, month, day]) => ({ month: Number(month) - 1, day: Number(day) }))
}

/** True when a stamp in `head` has no year. */
export function lacksYear(head: Uint8Array): boolean {
  return yearless(head).length > 0
}

/**
 * The year of the first stamp without one in `head`, classic (`Dec  4 01:30:07`) or klog's (`I1204 01:30:07.257809`), such that none
 * of them lies after `modified` (microseconds since 1970) by more than a day, which zones and clocks may be off. The year of
 * `modified` where there is no such stamp.
 */
export function guessYear(head: Uint8Array, modified: number): number {
  const changed = modified / 1000
  const year = new Date(changed).getUTCFullYear()
  return latestOf(yearless(head), year) > changed + DAY_MS ? year - 1 : year
}

/** Milliseconds since 1970; `year` is the first stamp's, and rises where December is followed by January. */
function latestOf(stamps: readonly Stamp[], year: number): number {
  let latest = Number.NEGATIVE_INFINITY
  let last = -1
  for (const { month, day } of stamps) {
    if (last === 11 && month === 0) year++
    last = month
    latest = Math.max(latest, Date.UTC(year, month, day))
  }
  return latest
}
