import t from 'tap'
import { nearestWords } from '../../agent/command/errors.ts'
import { parseLogOption } from '../../agent/command/log-option.ts'

const readable = ['conntrack', 'netfilter-log', 'hubble']
const none = { zone: undefined, year: undefined, prefixes: [] }

t.test('parseLogOption() reads format, options and file', async t => {
  const rows: [string, object][] = [
    ['conntrack:-', { ...none, format: 'conntrack', file: '-' }],
    ['hubble:/a:b,c=d', { ...none, format: 'hubble', file: '/a:b,c=d' }],
    [
      'netfilter-log,zone=+02:00:kern.log',
      { ...none, format: 'netfilter-log', zone: '+02:00', file: 'kern.log' },
    ],
    [
      'netfilter-log,zone=-09:30,year=2025:k',
      { ...none, format: 'netfilter-log', zone: '-09:30', year: 2025, file: 'k' },
    ],
    [
      'netfilter-log,zone=Europe/Berlin:k',
      { ...none, format: 'netfilter-log', zone: 'Europe/Berlin', file: 'k' },
    ],
    [
      'netfilter-log,zone=UTC:12:30.log',
      { ...none, format: 'netfilter-log', zone: 'UTC', file: '12:30.log' },
    ],
    [
      'netfilter-log,verdict=DROP%3A x=denied,verdict=OK%2C%25%3D=allowed:k',
      {
        ...none,
        format: 'netfilter-log',
        prefixes: [
          { prefix: 'DROP: x', verdict: 'denied' },
          { prefix: 'OK,%=', verdict: 'allowed' },
        ],
        file: 'k',
      },
    ],
    [
      'netfilter-log,verdict==rejected:k',
      { ...none, format: 'netfilter-log', prefixes: [{ prefix: '', verdict: 'rejected' }], file: 'k' },
    ],
  ]
  for (const [value, expected] of rows) t.same(parseLogOption(value, readable), expected, value)
})

t.test('parseLogOption() says what is wrong and what would be right', async t => {
  const rows: [string, RegExp][] = [
    ['netfilter:kern.log', /"netfilter" is no format, did you mean netfilter-log$/],
    ['contrack:x', /did you mean conntrack$/],
    ['zzz:x', /"zzz" is no format, it can be conntrack, netfilter-log, hubble$/],
    ['ulogd:x', /no collector for "ulogd" yet, it reads conntrack, netfilter-log, hubble$/],
    ['conntrack', /no FILE after a colon/],
    ['conntrack:', /no FILE after a colon/],
    ['conntrack,zone=Mars/Base:x', /"Mars\/Base" is no zone/],
    ['conntrack,zone=+25:00:x', /is no zone/],
    ['conntrack,year=26:x', /"26" is no year, as in year=2026$/],
    ['conntrack,tz=UTC:x', /"tz" is no option of a log, it can be zone=, year=, verdict=$/],
    ['conntrack,verdict=denied:x', /is not verdict=PREFIX=WORD/],
    ['conntrack,verdict=P=dropped:x', /with WORD one of allowed, denied, rejected, audited, none$/],
    ['conntrack,verdict=%zz=denied:x', /has a % that is not followed/],
  ]
  for (const [value, message] of rows)
    t.throws(() => parseLogOption(value, readable), { name: 'UsageError', message }, value)
})

t.test('nearestWords() finds typing errors and beginnings, and nothing for what is far', async t => {
  t.same(nearestWords('huble', readable), ['hubble'])
  t.same(nearestWords('conn', readable), ['conntrack'])
  t.same(nearestWords('qqqqqq', readable), [])
})
