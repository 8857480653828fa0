// Rows that sum up a stretch of time, through the pipeline: what changed inside of it is doubt.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { FlowRecord } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import { pipelineOver } from '../pipeline-over.ts'

const START = Date.parse('2026-11-24T10:00:00Z')
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString()

const pod = (name: string, ip: string, labels: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: 'shop',
    name,
    uid: `uid-${name}-${ip}-${JSON.stringify(labels)}`.slice(0, 30),
    labels,
  },
  spec: { nodeName: 'n1', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: '192.168.0.1', startTime: at(-900) },
})
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
const policy = (name: string, spec: object, generation = 1) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name, uid: `uid-${name}`, generation },
  spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ...spec },
})
const deny = policy('deny', {})
const web = pod('web', '10.0.0.1', { app: 'web' })
const db = pod('db', '10.0.0.2', { app: 'db' })
const other = pod('other', '10.0.0.9', { app: 'other' })

/** One row of a minute, denied by the CNI's word, and the events of the cluster, in seconds from the row's start. */
async function judgeRow(events: readonly [number, string, object][]): Promise<FlowRecord> {
  const folder = mkdtempSync(join(tmpdir(), 'culprit-window-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const initial = [namespace, web, db, other, deny].map(object => ({ at: at(-600), type: 'ADDED', object }))
  const later = events.map(([seconds, type, object]) => ({ at: at(seconds), type, object }))
  const text = [...initial, ...later].map(event => `${JSON.stringify(event)}\n`).join('')
  writeFileSync(join(folder, 'timeline.jsonl'), text)
  const row = `${START / 1000},${START / 1000 + 60},10.0.0.1,10.0.0.2,40000,5432,6,web,shop,n1,db,shop,n1,,,0,,deny,shop,,2,1,,,,0,0,,,`
  const records = await pipelineOver({ world: folder, logs: { 'antrea-flow': [row] } })
  const [record] = records.filter(isFlowRecord)
  return record!
}

t.test('a row is judged at its start, and is certain where nothing changes', async t => {
  const { ts, why } = await judgeRow([])
  t.equal(ts, '2026-11-24T10:00:00.000Z')
  t.match(why, { certainty: 'certain', agreement: 'agrees', policies: [{ name: 'deny' }] })
})

t.test('what changes inside the window is doubt, if it makes a difference', async t => {
  const allow = policy('deny', { ingress: [{}] }, 2)
  const relabelled = { ...db, metadata: { ...db.metadata, labels: { app: 'other' } } }
  const rows: [string, [number, string, object][], boolean][] = [
    ['a policy is opened', [[30, 'MODIFIED', allow]], true],
    ['a policy is deleted', [[30, 'DELETED', deny]], true],
    ['another policy denies too', [[30, 'ADDED', policy('more', {})]], true],
    ['the pod loses its label', [[30, 'MODIFIED', relabelled]], true],
    ['the pod goes', [[30, 'DELETED', db]], true],
    [
      'a policy elsewhere',
      [[30, 'ADDED', policy('x', { podSelector: { matchLabels: { app: 'y' } } })]],
      false,
    ],
    ['after the window', [[90, 'MODIFIED', allow]], false],
    ['a pod that is not concerned', [[30, 'DELETED', other]], false],
  ]
  for (const [name, events, isDoubt] of rows) {
    const { why } = await judgeRow(events)
    t.equal(why?.certainty, isDoubt ? 'candidates' : 'certain', name)
    t.equal(why?.unsure?.includes('aggregated') ?? false, isDoubt, name)
  }
})

t.test('nothing is held against the data plane in a window in which the policies changed', async t => {
  const { why } = await judgeRow([
    [-300, 'DELETED', deny],
    [30, 'ADDED', { ...deny, metadata: { ...deny.metadata, uid: 'new' } }],
  ])
  t.match(why, { certainty: 'candidates', agreement: 'undecided', unsure: ['policy-left-out', 'aggregated'] })
})
