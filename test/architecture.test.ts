// The house rules that a compiler does not hold: which way imports point, and which parts are pure (DESIGN section 2).

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')

/** What each part may import, besides itself. */
const allowed: Record<string, readonly string[]> = {
  address: [],
  'nearest-words': [],
  config: ['collectors', 'policy', 'nearest-words'],
  'watch-directories': [],
  'look-again': ['watch-directories'],
  'config-file': ['config', 'look-again'],
  telemetry: [],
  collectors: ['address'],
  policy: ['address'],
  timeline: ['policy', 'address'],
  verdict: ['timeline', 'policy', 'collectors', 'address'],
  forensics: ['verdict', 'timeline', 'policy', 'collectors', 'address'],
  counts: ['collectors'],
  'pipeline-state': ['forensics', 'verdict', 'collectors'],
  admission: ['pipeline-state', 'counts', 'verdict', 'collectors'],
  intake: ['pipeline-state', 'counts', 'forensics', 'verdict', 'collectors'],
  pipeline: [
    'pipeline-state',
    'admission',
    'intake',
    'counts',
    'forensics',
    'verdict',
    'timeline',
    'policy',
    'collectors',
    'address',
  ],
  source: ['watch-directories', 'collectors', 'telemetry'],
  sink: ['forensics', 'telemetry'],
  cluster: ['look-again', 'timeline', 'policy', 'address', 'telemetry'],
  quickstart: ['source', 'cluster', 'timeline', 'policy', 'address', 'telemetry'],
  server: ['forensics', 'telemetry'],
  outbox: ['pipeline-state', 'forensics', 'sink', 'source'],
  inlets: ['pipeline', 'intake', 'source', 'collectors'],
  sources: ['inlets', 'pipeline', 'intake', 'source', 'collectors'],
  'record-facts': ['forensics', 'telemetry'],
  restore: ['agent', 'forensics', 'pipeline-state', 'source', 'sources'],
  agent: [
    'config',
    'config-file',
    'server',
    'outbox',
    'sources',
    'pipeline-state',
    'policy',
    'source',
    'sink',
    'pipeline',
    'admission',
    'intake',
    'counts',
    'cluster',
    'forensics',
    'timeline',
    'collectors',
    'telemetry',
    'quickstart',
  ],
  command: [
    'agent',
    'record-facts',
    'restore',
    'sources',
    'pipeline-state',
    'config',
    'config-file',
    'nearest-words',
    'server',
    'policy',
    'quickstart',
    'source',
    'sink',
    'pipeline',
    'intake',
    'counts',
    'cluster',
    'forensics',
    'verdict',
    'timeline',
    'policy',
    'collectors',
    'address',
    'telemetry',
  ],
  main: ['command'],
}

const pure = [
  'policy',
  'timeline',
  'verdict',
  'collectors',
  'pipeline',
  'pipeline-state',
  'admission',
  'intake',
  'counts',
  'address',
]

/** The part a file belongs to: its folder under `agent/`, `collectors`, or a file's own name for those that stand alone. */
function partOf(path: string): string {
  const [top, second] = path.split('/')
  if (top === 'collectors') return 'collectors'
  return second!.replace(/\.m?ts$/, '')
}

function sources(): { path: string; part: string; text: string }[] {
  return ['agent', 'collectors'].flatMap(top =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => {
        const path = `${top}/${name}`
        return { path, part: partOf(path), text: sourceOf(path) }
      }),
  )
}

function sourceOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Specifiers of static and dynamic imports and re-exports. */
function importsOf(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export|\}) ?[^'\n]*from '([^']+)'|\bimport\('([^']+)'\)/gm)
  return [...statements].map(match => match[1] ?? match[2]!)
}

/** The code without comments and strings, so that prose may name what code may not. */
function codeOnly(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '')
}

const files = sources()

/** Those whose code has it. */
function pathsWith(some: typeof files, forbidden: RegExp): string[] {
  return some.filter(({ text }) => forbidden.test(codeOnly(text))).map(({ path }) => path)
}

t.test('imports point one way', async t => {
  t.ok(files.length > 20, 'the sources are found')
  const wrong: string[] = []
  for (const { path, part, text } of files) {
    const may = allowed[part]
    if (!may) {
      t.fail(`${path} is in no known part of the house`)
      continue
    }
    for (const specifier of importsOf(text).filter(s => s.startsWith('.') && s.endsWith('.ts'))) {
      const target = partOf(relative(root, join(root, dirname(path), specifier)))
      if (target !== part && !may.includes(target)) wrong.push(`${path} imports ${specifier}`)
    }
  }
  t.strictSame(wrong, [])
})

t.test(
  'query starts without the policies, the timeline and the verdicts: they take longer than its answer',
  async t => {
    const reached = new Set<string>()
    const follow = (path: string) => {
      if (reached.has(path)) return
      reached.add(path)
      for (const [, specifier] of sourceOf(path).matchAll(
        /^(?:import (?!type )|export |\}) ?[^'\n]*from '(\.[^']+)'/gm,
      ))
        follow(relative(root, join(root, dirname(path), specifier!)))
    }
    follow('agent/command/query.ts')
    t.ok(reached.has('agent/forensics/query.ts'), 'what it needs is found')
    t.same(
      [...reached].filter(path => /^agent\/(policy|verdict|timeline)\/(?!time\.ts)/.test(path)),
      [],
    )
  },
)

t.test('the middle is pure: no files, no sockets, no clock, no logger', async t => {
  const forbidden =
    /\b(process|console|performance|fetch|setTimeout|setInterval|setImmediate|globalThis)\b|\bDate\.now\b|new Date\(\)|\bMath\.random\b/
  const middle = files.filter(f => pure.includes(f.part))
  const outside = ({ text }: (typeof files)[number]) => importsOf(text).filter(s => !s.startsWith('.'))
  t.strictSame(
    middle.flatMap(file => outside(file).map(specifier => `${file.path} imports ${specifier}`)),
    [],
  )
  t.strictSame(pathsWith(middle, forbidden), [])
})

t.test('only main.ts and telemetry touch the process', async t => {
  // What runs inside the quickstart's pods is another process.
  const others = ['agent/main.ts', 'agent/quickstart/pod-program.ts']
  const rest = files.filter(f => !others.includes(f.path) && f.part !== 'telemetry')
  t.strictSame(pathsWith(rest, /\bprocess\./), [])
})

t.test('no default exports, no any, and every file says what it is for', async t => {
  t.strictSame(pathsWith(files, /\bexport default\b|: any\b|\bas any\b|\benum \w|@ts-ignore/), [])
  const isSaid = (text: string) => /^(#!.*\n)?(\/\/|\/\*\*)/.test(text)
  t.strictSame(
    files.filter(({ text }) => !isSaid(text)).map(({ path }) => path),
    [],
  )
})
