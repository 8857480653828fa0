import t from 'tap'
import {
  createClock,
  parseZone,
  scanCtime,
  scanGoStamp,
  scanIso,
  scanSyslog,
} from '../../collectors/clock.ts'
import type { Zone } from '../../collectors/collector.ts'

const bytesOf = (text: string): Uint8Array => Buffer.from(`${text}\n`)

const utc: Zone = wall => wall
const micros = (text: string): number => Date.parse(text) * 1000

function iso(text: string, zone = utc): number | undefined {
  const clock = createClock(zone, 2026)
  const bytes = bytesOf(text)
  return scanIso(bytes, 0, clock) === text.length ? clock.time : undefined
}

t.test('scanIso() reads RFC 3339 and its relatives', async t => {
  const rows: [string, number][] = [
    ['2026-11-24T17:33:05Z', micros('2026-11-24T17:33:05Z')],
    ['2026-11-24 17:33:05.5Z', micros('2026-11-24T17:33:05.5Z')],
    ['2026-11-24T17:33:05.140418+00:00', micros('2026-11-24T17:33:05.140Z') + 418],
    ['2026-11-24T17:33:05.140418999Z', micros('2026-11-24T17:33:05.140Z') + 418],
    ['2026-11-24T17:33:05+02:00', micros('2026-11-24T15:33:05Z')],
    ['2026-11-24T17:33:05-0330', micros('2026-11-24T21:03:05Z')],
    ['2024-02-29T23:59:60Z', micros('2024-03-01T00:00:00Z')],
  ]
  for (const [text, time] of rows) t.equal(iso(text), time, text)
  t.equal(
    iso('2026-11-24T17:33:05', parseZone('+02:00', 'UTC')),
    micros('2026-11-24T15:33:05Z'),
    'without offset the zone holds',
  )
  t.ok(Number.isNaN(iso('2026-02-30T00:00:00Z')), 'a date that does not exist is no time')
  for (const text of [
    '2026-11-24',
    '2026-11-24T17:33',
    '2026-11-24T24:00:00Z',
    '2026-11-24T17:61:00Z',
    '2026-11-24T17:33:05.Z',
    '2026-11-24T17:33:05+2',
    '26-11-24T17:33:05Z',
  ])
    t.equal(iso(text), undefined, text)
})

t.test('scanGoStamp() reads the stamp of Go programs, in the zone of the clock', async t => {
  const read = (text: string, zone = utc): number | undefined => {
    const clock = createClock(zone, 2026)
    return scanGoStamp(bytesOf(text), 0, clock) === text.length ? clock.time : undefined
  }
  t.equal(read('2026/11/24 17:33:05.140418'), micros('2026-11-24T17:33:05.140Z') + 418)
  t.equal(read('2026/11/24 17:33:05'), micros('2026-11-24T17:33:05Z'))
  const berlin = parseZone('Europe/Berlin', 'UTC')
  t.equal(read('2026/11/24 17:33:05', berlin), micros('2026-11-24T16:33:05Z'))
  t.equal(read('2026/10/25 02:30:00', berlin), micros('2026-10-25T00:30:00Z'), 'the first of two')
  for (const text of ['2026-11-24 17:33:05', '2026/11-24 17:33:05', '2026/11/24 17:33', '26/11/24 17:33:05'])
    t.equal(read(text), undefined, text)
})

t.test('scanIso() says how fine the stamp is', async t => {
  const clock = createClock(utc, 2026)
  for (const [text, precision] of [
    ['05Z', 1e6],
    ['05.1Z', 1e6],
    ['05.140Z', 1000],
    ['05.140418Z', 1],
    ['05.140418123Z', 1],
  ] as const) {
    scanIso(bytesOf(`2026-11-24T17:33:${text}`), 0, clock)
    t.equal(clock.precision, precision, text)
  }
})

function syslogs(year: number, ...texts: string[]): string[] {
  const clock = createClock(utc, year)
  return texts.map(text => {
    const after = scanSyslog(bytesOf(`${text} host`), 0, clock)
    if (after !== text.length) return 'unread'
    return Number.isNaN(clock.time) ? 'no date' : new Date(clock.time / 1000).toISOString()
  })
}

t.test(
  'a classic stamp takes its year from outside, and it rises where December is followed by January',
  async t => {
    t.strictSame(syslogs(2026, 'Nov 24 17:33:05', 'Dec  4 01:30:07', 'Jan  1 00:00:00', 'Feb 28 10:00:00'), [
      '2026-11-24T17:33:05.000Z',
      '2026-12-04T01:30:07.000Z',
      '2027-01-01T00:00:00.000Z',
      '2027-02-28T10:00:00.000Z',
    ])
  },
)

t.test('a straggler of the old year does not raise the year twice', async t => {
  t.strictSame(
    syslogs(
      2026,
      'Dec 31 23:59:59',
      'Jan  1 00:00:00',
      'Dec 31 23:59:59',
      'Jan  1 00:00:01',
      'Jan  2 00:00:00',
    ),
    [
      '2026-12-31T23:59:59.000Z',
      '2027-01-01T00:00:00.000Z',
      '2026-12-31T23:59:59.000Z',
      '2027-01-01T00:00:01.000Z',
      '2027-01-02T00:00:00.000Z',
    ],
  )
})

t.test('a classic stamp may have a fraction, and must be a date', async t => {
  t.strictSame(syslogs(2026, 'Nov 24 17:33:05.140418', 'Nov 4 17:33:05', 'Feb 29 00:00:00'), [
    '2026-11-24T17:33:05.140Z',
    '2026-11-04T17:33:05.000Z',
    'no date',
  ])
  t.strictSame(syslogs(2026, 'Nov 32 17:33:05', 'Nox 24 17:33:05', 'Nov 24 7:33:05', 'nov 24 17:33:05'), [
    'unread',
    'unread',
    'unread',
    'unread',
  ])
})

t.test('scanCtime() reads the end of a ctime text', async t => {
  const clock = createClock(utc, 2000)
  t.equal(scanCtime(bytesOf('Nov  4 17:33:05 2026]'), 0, clock), 20)
  t.equal(clock.time, micros('2026-11-04T17:33:05Z'))
})

t.test('parseZone() knows UTC, offsets and names, and nothing else', async t => {
  const wall = micros('2026-07-01T12:00:00Z')
  for (const [name, time] of [
    ['UTC', '2026-07-01T12:00:00Z'],
    ['Z', '2026-07-01T12:00:00Z'],
    ['+02:00', '2026-07-01T10:00:00Z'],
    ['-0330', '2026-07-01T15:30:00Z'],
    ['Europe/Berlin', '2026-07-01T10:00:00Z'],
    ['America/New_York', '2026-07-01T16:00:00Z'],
    ['Asia/Kathmandu', '2026-07-01T06:15:00Z'],
  ] as const)
    t.equal(parseZone(name, 'UTC')?.(wall), micros(time), name)
  t.equal(
    parseZone(undefined, 'Europe/Berlin')?.(wall),
    micros('2026-07-01T10:00:00Z'),
    'the machine has one too',
  )
  for (const name of ['', 'Europe/Nowhere', '+25:00', '+02:60', '2'])
    t.equal(parseZone(name, 'UTC'), undefined, name)
})

t.test('a reading that comes twice is the first one, one that never comes lies after the change', async t => {
  const berlin = parseZone('Europe/Berlin', 'UTC')!
  const at = (text: string): string => new Date(berlin(micros(`${text}Z`)) / 1000).toISOString()
  t.equal(at('2026-10-25T01:59:59'), '2026-10-24T23:59:59.000Z')
  t.equal(at('2026-10-25T02:30:00'), '2026-10-25T00:30:00.000Z', 'still summer time')
  t.equal(at('2026-10-25T03:00:00'), '2026-10-25T02:00:00.000Z')
  t.equal(at('2026-03-29T01:59:59'), '2026-03-29T00:59:59.000Z')
  t.equal(at('2026-03-29T02:30:00'), '2026-03-29T01:30:00.000Z', 'as if the clock had not been set yet')
  t.equal(at('2026-03-29T03:00:00'), '2026-03-29T01:00:00.000Z')
  const lordHowe = parseZone('Australia/Lord_Howe', 'UTC')!
  t.equal(
    new Date(lordHowe(micros('2026-04-05T01:15:00Z')) / 1000).toISOString(),
    '2026-04-04T14:15:00.000Z',
    'half an hour',
  )
  t.equal(new Date(lordHowe(micros('2026-04-05T02:00:00Z')) / 1000).toISOString(), '2026-04-04T15:30:00.000Z')
})

const berlinTimes = (...stamps: string[]): string[] => {
  const clock = createClock(parseZone('Europe/Berlin', 'UTC')!, 2026)
  return stamps.map(stamp => {
    scanSyslog(bytesOf(`Oct 25 ${stamp} host`), 0, clock)
    return `${new Date(clock.time / 1000).toISOString().slice(11, 19)} ${clock.precision / 1e6}`
  })
}

t.test('a stamp that comes twice may be either, until the lines before it tell', async t => {
  t.strictSame(
    berlinTimes(
      '01:59:59',
      '02:00:00',
      '02:00:00',
      '02:59:59',
      '02:00:00',
      '02:00:00',
      '02:30:00',
      '03:00:00',
    ),
    [
      '23:59:59 1',
      '00:00:00 3601',
      '00:00:00 3601',
      '00:59:59 3601',
      '01:00:00 1',
      '01:00:00 1',
      '01:30:00 1',
      '02:00:00 1',
    ],
  )
  t.strictSame(berlinTimes('02:40:00', '02:39:58'), ['00:40:00 3601', '00:39:58 3601'], 'a straggler')
  t.strictSame(
    berlinTimes('03:00:01', '02:59:59'),
    ['02:00:01 1', '01:59:59 1'],
    'a straggler of the second hour',
  )
  const iso = createClock(parseZone('Europe/Berlin', 'UTC')!, 2026)
  scanIso(bytesOf('2026-10-25T02:30:00.5'), 0, iso)
  t.strictSame([iso.time, iso.precision], [micros('2026-10-25T00:30:00.500Z'), 3_601_000_000])
  scanIso(bytesOf('2026-10-25T02:30:00+02:00'), 0, iso)
  t.equal(iso.precision, 1_000_000, 'with its offset a stamp comes once')
})

t.test('a named zone agrees with Intl at every hour of two years', async t => {
  for (const name of ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe']) {
    const zone = parseZone(name, 'UTC')!
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: name,
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    let wrong = 0
    for (
      let time = micros('2026-01-01T00:30:00Z');
      time < micros('2028-01-01T00:00:00Z');
      time += 3 * 3_600_000_000
    ) {
      const wall = micros(`${format.format(time / 1000).replace(' ', 'T')}Z`)
      // The second of two equal readings is taken for the first, so an hour may be missing; never anything else.
      const back = zone(wall)
      if (back !== time && time - back !== 3_600_000_000 && time - back !== 1_800_000_000) wrong++
    }
    t.equal(wrong, 0, name)
  }
})
