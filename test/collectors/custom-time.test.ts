import t from 'tap'
import { createClock } from '../../collectors/clock.ts'
import { stampReader } from '../../collectors/custom-time.ts'

const HOUR = 3_600_000_000

/** Read in a zone one hour east of UTC, in 2026. */
function readStamp(format: string, text: string): string | undefined {
  const reader = stampReader(format)
  if (typeof reader === 'string') return reader
  const clock = createClock(wall => wall - HOUR, 2026)
  const bytes = Buffer.from(`x${text}\n`)
  if (!reader(bytes, 1, bytes.length - 1, clock)) return undefined
  return `${new Date(clock.time / 1000).toISOString().slice(0, -1)}${String(clock.time % 1000).padStart(3, '0')} ${clock.precision}`
}

t.test('stamps are read by the name of their format, or by a pattern', async t => {
  const rows: [string, string, string | undefined][] = [
    ['rfc3339', '2026-11-24T17:33:05.14Z', '2026-11-24T17:33:05.140000 1000000'],
    ['rfc3339', '2026-11-24 17:33:05.140418', '2026-11-24T16:33:05.140418 1'],
    ['rfc3339', '2026-11-24T17:33:05+02:00', '2026-11-24T15:33:05.000000 1000000'],
    ['rfc3339', '2026-11-24', undefined],
    ['epoch-s', '1795541585', '2026-11-24T17:33:05.000000 1000000'],
    ['epoch-s', '1795541585.140418999', '2026-11-24T17:33:05.140418 1'],
    ['epoch-s', '1795541585.', undefined],
    ['epoch-s', '1795541585140', undefined],
    ['epoch-ms', '1795541585140', '2026-11-24T17:33:05.140000 1000'],
    ['epoch-ms', '1795541585140.25', '2026-11-24T17:33:05.140250 1000'],
    ['epoch-ms', '1795541585', undefined],
    ['epoch-us', '1795541585140418', '2026-11-24T17:33:05.140418 1'],
    ['epoch-ns', '1795541585140418123', '2026-11-24T17:33:05.140418 1'],
    ['epoch-ns', '-1', undefined],
    ['epoch-ns', '', undefined],
    ['syslog', 'Nov 24 17:33:05', '2026-11-24T16:33:05.000000 1000000'],
    ['klog', 'I1124 17:33:05.140418', '2026-11-24T16:33:05.140418 1'],
    ['go', '2026/11/24 17:33:05.140418', '2026-11-24T16:33:05.140418 1'],
    ['%Y-%m-%d %H:%M:%S.%f', '2026-11-24 17:33:05.14', '2026-11-24T16:33:05.140000 1000000'],
    ['%d/%b/%Y:%H:%M:%S %z', '24/Nov/2026:17:33:05 +0200', '2026-11-24T15:33:05.000000 1000000'],
    ['%d/%b/%Y:%H:%M:%S %z', '24/Nov/2026:17:33:05 Z', '2026-11-24T17:33:05.000000 1000000'],
    ['%m/%d/%Y %I:%M:%S %p', '11/24/2026 12:33:05 AM', '2026-11-23T23:33:05.000000 1000000'],
    ['%m/%d/%Y %I:%M:%S %p', '11/24/2026 12:33:05 pm', '2026-11-24T11:33:05.000000 1000000'],
    ['%b %e %H:%M', 'nov  4 17:33', '2026-11-04T16:33:00.000000 1000000'],
    ['%Y-%m-%d %H:%M', '2026-02-30 17:33', undefined],
    ['%Y-%m-%d %H:%M', '2026-13-01 17:33', undefined],
    ['%Y-%m-%d %H:%M', '2026-12-01 24:33', undefined],
    ['%Y-%m-%d %H:%M', '2026-12-01 17:33:05', undefined],
    ['%Y-%m-%d %H:%M', '2026-12-01 17:3', '2026-12-01T16:03:00.000000 1000000'],
  ]
  for (const [format, text, expected] of rows) t.equal(readStamp(format, text), expected, `${format} ${text}`)
})

t.test('what is no format of time says what would be one', async t => {
  for (const [format, message] of [
    ['iso', /"iso" is no format of time, it can be rfc3339, epoch-s/],
    ['%Y-%q', /"%q" is no part of a stamp, it can be %Y %m/],
    ['%Y %H:%M', /does not name the day/],
    ['%Y-%m-%d', /does not name the time of day/],
    ['%Y-%m-%d %H:%M %', /"%" is no part of a stamp/],
  ] as const)
    t.match(readStamp(format, ''), message)
})

t.test('a stamp without a year has that of the clock, which rises over New Year', async t => {
  const reader = stampReader('%m-%d %H:%M:%S')
  if (typeof reader === 'string') throw new Error(reader)
  const clock = createClock(wall => wall, 2026)
  const years = ['12-31 23:59:59', '01-01 00:00:00', '12-31 23:59:59', '01-02 00:00:00'].map(text => {
    const bytes = Buffer.from(`${text}\n`)
    t.ok(reader(bytes, 0, bytes.length - 1, clock))
    return new Date(clock.time / 1000).getUTCFullYear()
  })
  t.same(years, [2026, 2027, 2026, 2027])
})
