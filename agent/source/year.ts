// The year of a log whose stamps have none: the one nearest before the file's last change.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000

/** The first stamp of `head` that has no year: month (0-11) and day. */
function yearless(head: Uint8Array): { readonly month: number; readonly day: number } | undefined {
  const text = Buffer.from(head).toString('latin1')
  const classic =
    /(?:^|[\n"> ])(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) \d\d:\d\d:\d\d/.exec(text)
  if (classic !== null) return { month: months.indexOf(classic[1]!), day: Number(classic[2]) }
  const klog = /(?:^|[\n" ])[IWEF](0[1-9]|1[0-2])(\d\d) \d\d:\d\d:\d\d\.\d{6} +\d+ /.exec(text)
  return klog === null ? undefined : { month: Number(klog[1]) - 1, day: Number(klog[2]) }
}

/** True when a stamp in `head` has no year. */
export function lacksYear(head: Uint8Array): boolean {
  return yearless(head) !== undefined
}

/**
 * The year of the first stamp without one in `head`, classic (`Dec  4 01:30:07`) or klog's (`I1204 01:30:07.257809`), such that it does not lie after `modified` (microseconds
 * since 1970) by more than a day, which zones and clocks may be off. The year of `modified` where there is no such stamp.
 */
export function guessYear(head: Uint8Array, modified: number): number {
  const changed = modified / 1000
  const year = new Date(changed).getUTCFullYear()
  const stamp = yearless(head)
  if (stamp === undefined) return year
  return Date.UTC(year, stamp.month, stamp.day) > changed + DAY_MS ? year - 1 : year
}
