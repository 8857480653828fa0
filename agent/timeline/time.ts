// Time as the whole project counts it: microseconds since 1970 UTC in a double, which is exact until the year 2255.

export const secondUs = 1_000_000
export const msUs = 1_000

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/

/** Reads an RFC 3339 time (`Time` and `MicroTime` of Kubernetes are such). Digits beyond microseconds are cut. NaN for anything else. */
export function parseTime(text: string): number {
  const match = rfc3339.exec(text)
  if (match === null) return Number.NaN
  const [, day, clock, fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${day}T${clock}${zone.toUpperCase()}`)
  return ms * msUs + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

/** `2026-11-22T14:41:02.120Z`: RFC 3339 UTC with milliseconds, or with microseconds where there are any. */
export function formatTime(time: number): string {
  const us = ((time % msUs) + msUs) % msUs
  const text = new Date((time - us) / msUs).toISOString()
  return us === 0 ? text : `${text.slice(0, -1)}${String(Math.floor(us)).padStart(3, '0')}Z`
}
