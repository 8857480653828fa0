// The golden page of explanations: every situation is a real run of `culprit why` over a small cluster (or a record that no
// log brings about there), with the short form of the same record beside it. To accept a change that you have read: UPDATE_GOLDEN=1 node test/forensics/explanations.test.ts

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { explain } from '../../agent/forensics/explain.ts'
import { layout } from '../../agent/forensics/explain-layout.ts'
import type { Judged } from '../../agent/forensics/explanation.ts'
import type { FlowRecord } from '../../agent/forensics/record.ts'
import { shortForm } from '../../agent/forensics/short.ts'
import { run } from '../command/run.ts'
import { type Built, built } from './explanations/built.ts'
import { cluster } from './explanations/cluster.ts'
import { denied } from './explanations/denied.ts'
import { other } from './explanations/other.ts'
import type { Situation } from './explanations/situation.ts'

const root = join(import.meta.dirname, '../..')
const golden = join(root, 'test/fixtures/explanations.md')
const published = join(root, 'docs/explanations.md')

const situations = [...denied, ...other]

const intro = `# What \`culprit why\` says

One situation after the other, as a person on call would meet it: the question, the line that the record is in a log or an alert, and the
whole answer. All but the last few are real runs over a small cluster (\`test/forensics/explanations\`); \`--world\` and \`--log\` are left out of
the questions.
This page is made by the test that checks it: nothing here is written by hand.
`

/** The files of one situation in a folder of its own, and what `why` prints about them. */
async function answer(situation: Situation, dir: string, ...options: string[]): Promise<string> {
  const logs = Object.keys(situation.logs ?? {}).flatMap(format => [
    '--log',
    `${format}:${join(dir, fileOf(format))}`,
  ])
  const args = ['why', ...situation.ask, '--world', join(dir, 'world'), ...logs, ...options]
  const { code, stdout, stderr } = await run(args)
  if (code !== 0) throw new Error(`${situation.title}: ${stderr}`)
  return stdout.replaceAll(`${dir}/`, '')
}

/** `kern.log` reads better than the format's options. */
function fileOf(format: string): string {
  return format.startsWith('netfilter-log') ? 'kern.log' : `${format}.log`
}

async function page(situation: Situation, dir: string): Promise<string> {
  const record = JSON.parse(await answer(situation, dir, '--output', 'json'))
  const call = `\`culprit why ${situation.ask.join(' ')}\``
  return block(situation.title, call, record, await answer(situation, dir))
}

const more = { text: 'Everything that is known about it, as JSON:', command: 'culprit why ... --output json' }

function builtPage({ title, record }: Built): string {
  const explanation = explain(record, { basis: 'record', quotes: [], notes: [], more })
  const call = 'A record made for this page.'
  return block(title, call, record, layout(explanation, { width: 100, isColoured: false }))
}

function block(title: string, call: string, record: Judged, text: string): string {
  const line = shortForm({
    v: 1,
    id: '',
    event: `flow.${record.verdict}`,
    evidence: { source: '' },
    ...record,
  } as FlowRecord)
  const fence = '```'
  return `## ${title}\n\n${call}\n\n${fence}\n${line}\n${fence}\n\n${fence}\n${text}${fence}\n`
}

t.test('every explanation is what a person has read and found right', async t => {
  const titles = [...situations, ...built].map(({ title }) => title)
  t.equal(new Set(titles).size, titles.length)
  t.ok(titles.length >= 40)
  const pages: string[] = []
  for (const situation of situations) {
    const dir = t.testdir({
      world: {
        'cluster.yaml': cluster,
        ...(situation.manifests && { 'policies.yaml': situation.manifests }),
        ...(situation.events && { 'timeline.jsonl': `${situation.events.join('\n')}\n` }),
      },
      ...Object.fromEntries(
        Object.entries(situation.logs ?? {}).map(([format, lines]) => [
          fileOf(format),
          `${lines.join('\n')}\n`,
        ]),
      ),
    })
    pages.push(await page(situation, dir))
  }
  pages.push(...built.map(builtPage))
  const text = pages.join('\n')
  if (process.env.UPDATE_GOLDEN === '1') {
    writeFileSync(golden, text)
    writeFileSync(published, `${intro}\n${text}`)
  }
  t.equal(text, readFileSync(golden, 'utf8'))
  t.equal(`${intro}\n${text}`, readFileSync(published, 'utf8'), 'docs/explanations.md is current')
})

t.test('no explanation speaks of what Kubernetes users do not know', async t => {
  const text = readFileSync(golden, 'utf8').replace(/^\s*(culprit|kubectl) .*$/gm, '')
  t.notMatch(
    text,
    /\b(epoch|five-tuple|witness|subject|attribution|tuple|undefined(?!-)|NaN|null|\[object)\b/i,
  )
  t.notMatch(text, /\b(apply|run) (it|this) /i, 'nobody is told to apply an edit')
})
