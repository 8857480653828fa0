// What a stamp leaves unsaid, through the whole of `culprit replay`: no year, no zone, clocks that are set, lines that come late.

import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type FlowRecord, isFlowRecord } from '../../agent/forensics/record.ts'
import { run } from './run.ts'

const pod = (name: string, ip: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, uid: name, labels: { app: name } },
  spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIPs: [{ ip }] },
})

const policy = (generation: number, port: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'db-in', uid: 'u', generation },
  spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port }] }] },
})

const cluster = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'w1' },
    spec: { podCIDRs: ['10.0.0.0/16'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
  },
  pod('db', '10.0.0.2'),
  pod('web', '10.0.0.3'),
]

/** The whole cluster a day before, and an edit of its one policy at each of these times. */
function timeline(...edits: string[]): string {
  const line = (at: string, type: string, object: object) => JSON.stringify({ at, type, object })
  const start = new Date(Date.parse(edits[0]!) - 86_400_000).toISOString()
  return [
    ...[...cluster, policy(1, 8001)].map(object => line(start, 'ADDED', object)),
    ...edits.map((at, i) => line(at, 'MODIFIED', policy(i + 2, 8002 + i))),
  ].join('\n')
}

const drop = (stamp: string) =>
  `${stamp} w1 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=10.0.0.3 DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 `

interface Scene {
  readonly edits: readonly string[]
  readonly stamps: readonly string[]
  readonly options?: string
  readonly modified?: string
}

/** `ts generation`, and `?` where that is not certain. */
async function replayOf(folder: string, { edits, stamps, options = '', modified }: Scene): Promise<string[]> {
  const world = join(folder, 'world.jsonl')
  const log = join(folder, 'kern.log')
  writeFileSync(world, `${timeline(...edits)}\n`)
  writeFileSync(log, stamps.map(stamp => `${drop(stamp)}\n`).join(''))
  if (modified !== undefined) utimesSync(log, new Date(modified), new Date(modified))
  const { code, stdout, stderr } = await run([
    ...['replay', '--world', world, '--fold', 'off', '--log', `netfilter-log${options}:${log}`],
  ])
  if (code !== 0) throw new Error(stderr)
  const records = stdout.split('\n').filter(line => line !== '')
  return records
    .map(line => JSON.parse(line))
    .filter(isFlowRecord)
    .map(print)
}

function print({ ts, why }: FlowRecord): string {
  const generations = why?.policies?.map(each => each.gen).join() ?? ''
  return `${ts ?? 'no time'} ${generations}${why?.certainty === 'certain' ? '' : '?'}`
}

t.test('lines without a year over New Year are judged by the year they are of', async t => {
  const scene = {
    edits: ['2026-12-31T23:50:00Z', '2027-01-01T00:10:00Z'],
    stamps: ['Dec 31 23:45:00', 'Dec 31 23:59:59', 'Jan  1 00:00:00', 'Dec 31 23:59:59', 'Jan  1 00:20:00'],
  }
  const expected = [
    '2026-12-31T23:45:00.000Z 1',
    '2026-12-31T23:59:59.000Z 2',
    '2026-12-31T23:59:59.000Z 2',
    '2027-01-01T00:00:00.000Z 2',
    '2027-01-01T00:20:00.000Z 3',
  ]
  const folder = t.testdir({})
  t.strictSame(await replayOf(folder, { ...scene, options: ',zone=UTC,year=2026' }), expected, 'told')
  t.strictSame(
    await replayOf(folder, { ...scene, options: ',zone=UTC', modified: '2027-01-01T00:20:01Z' }),
    expected,
    "guessed from the file's date",
  )
})

t.test('a line of another year than the timeline is no certain answer', async t => {
  const edits = ['2026-12-31T23:50:00Z']
  t.strictSame(
    await replayOf(t.testdir({}), {
      edits,
      stamps: ['Dec 31 23:55:00', 'Feb 29 10:00:00'],
      options: ',zone=UTC,year=2025',
    }),
    ['2025-12-31T23:55:00.000Z ?', 'no time 2?'],
  )
})

t.test('stamps without a zone are read in the zone that is named', async t => {
  const edits = ['2026-07-01T10:00:00Z']
  const folder = t.testdir({})
  for (const [zone, ts] of [
    ['UTC', '2026-07-01T10:30:00.000Z 2'],
    ['+02:00', '2026-07-01T08:30:00.000Z 1'],
    ['Europe/Berlin', '2026-07-01T08:30:00.000Z 1'],
    ['America/New_York', '2026-07-01T14:30:00.000Z 2'],
  ] as const)
    t.strictSame(
      await replayOf(folder, { edits, stamps: ['Jul  1 10:30:00'], options: `,zone=${zone},year=2026` }),
      [ts],
      zone,
    )
})

t.test('an hour that comes twice: both are possible until the lines tell which it is', async t => {
  // Clocks go back from 03:00 to 02:00 at 01:00 UTC; the edit is between the two 02:30.
  const scene = { edits: ['2026-10-25T01:00:00Z'], options: ',zone=Europe/Berlin,year=2026' }
  const folder = t.testdir({})
  t.strictSame(await replayOf(folder, { ...scene, stamps: ['Oct 25 02:30:00'] }), [
    '2026-10-25T00:30:00.000Z 2?',
  ])
  t.strictSame(
    await replayOf(folder, {
      ...scene,
      stamps: ['Oct 25 01:30:00', 'Oct 25 02:58:00', 'Oct 25 02:30:00', 'Oct 25 03:30:00'],
    }),
    [
      '2026-10-24T23:30:00.000Z 1',
      '2026-10-25T00:58:00.000Z 2?',
      '2026-10-25T01:30:00.000Z 2',
      '2026-10-25T02:30:00.000Z 2',
    ],
  )
  t.strictSame(
    await replayOf(folder, { ...scene, edits: ['2026-10-25T05:00:00Z'], stamps: ['Oct 25 02:30:00'] }),
    ['2026-10-25T00:30:00.000Z 1'],
    'where nothing changed it does not matter which it is',
  )
})

t.test('an hour that never comes lies after the change', async t => {
  const edits = ['2026-03-29T01:10:00Z']
  t.strictSame(
    await replayOf(t.testdir({}), {
      edits,
      stamps: ['Mar 29 01:59:59', 'Mar 29 02:30:00', 'Mar 29 03:30:00'],
      options: ',zone=Europe/Berlin,year=2026',
    }),
    ['2026-03-29T00:59:59.000Z 1', '2026-03-29T01:30:00.000Z 2', '2026-03-29T01:30:00.000Z 2'],
  )
})

t.test('lines that come ten minutes late are judged by their own time, and written in its order', async t => {
  const edits = ['2026-11-24T10:05:00Z', '2026-11-24T10:09:00Z']
  const stamps = ['10:10:00', '10:15:00', '10:00:00', '10:07:00'].map(
    time => `2026-11-24T${time}.000000+00:00`,
  )
  t.strictSame(await replayOf(t.testdir({}), { edits, stamps }), [
    '2026-11-24T10:00:00.000Z 1',
    '2026-11-24T10:07:00.000Z 2',
    '2026-11-24T10:10:00.000Z 3',
    '2026-11-24T10:15:00.000Z 3',
  ])
})
