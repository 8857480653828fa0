// The year of a log whose stamps have none: the one nearest before the file's last change.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000

/**
 * The year of the first classic stamp (`Dec  4 01:30:07`) in `head`, such that it does not lie after `modified` (microseconds
 * since 1970) by more than a day, which zones and clocks may be off. The year of `modified` where there is no such stamp.
 */
export function guessYear(head: Uint8Array, modified: number): number {
  const changed = modified / 1000
  const year = new Date(changed).getUTCFullYear()
  const stamp =
    /(?:^|[\n"> ])(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) \d\d:\d\d:\d\d/.exec(
      Buffer.from(head).toString('latin1'),
    )
  if (stamp === null) return year
  const first = Date.UTC(year, months.indexOf(stamp[1]!), Number(stamp[2]))
  return first > changed + DAY_MS ? year - 1 : year
}
