// Killed at any moment, an agent loses no line and counts none twice: what the records say adds up to what was read.

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { type ForensicRecord, isFlowRecord, isFollowUp } from '../agent/forensics/record.ts'
import { denial, type LogLine, openStage, type Run, type Stage, start } from './crash/stage.ts'
import { casesOf } from './random-cases.ts'

/** Flows that the records tell of, each record once. @throws where one says two things. */
function told(records: readonly ForensicRecord[]): number {
  const byId = new Map<string, string>()
  let sum = 0
  for (const record of records) {
    const text = JSON.stringify(record)
    const earlier = byId.get(record.id)
    if (earlier !== undefined && earlier !== text) throw new Error(`one id, two records: ${earlier} ${text}`)
    byId.set(record.id, text)
    if (earlier === undefined && (isFlowRecord(record) || isFollowUp(record))) sum += record.n
  }
  return sum
}

const sources = ['203.0.113.1', '203.0.113.2', '198.51.100.7', '10.0.0.9'] as const

/** A few connections; the pauses before lines are shorter and longer than every window of folding. */
const specs = fc.array(
  fc.record({
    from: fc.constantFrom(...sources),
    pause: fc.constantFrom(10, 400, 3_000, 11_000, 70_000, 310_000, 700_000),
  }),
  { minLength: 1, maxLength: 60 },
)

function linesOf(all: readonly { readonly from: string; readonly pause: number }[]): LogLine[] {
  let at = start
  return all.map(({ from, pause }) => {
    at += pause
    return denial(at, from)
  })
}

const step = fc.record({ feed: fc.nat(8), pass: fc.constantFrom(0, 50, 300, 1_500, 3_000) })
const life = fc.record({ steps: fc.array(step, { maxLength: 6 }), calls: fc.nat(60) })

async function play(
  run: Run,
  steps: readonly { readonly feed: number; readonly pass: number }[],
): Promise<void> {
  for (const { feed, pass } of steps) {
    run.feed(feed)
    run.pass(pass)
    // Segments write between the turns.
    if (run.segments !== undefined) await new Promise(resolve => setTimeout(resolve, 1))
  }
}

/** The last run reads what is left, and is asked to stop. */
async function finish(stage: Stage): Promise<void> {
  const run = await stage.start()
  run.feed(Number.POSITIVE_INFINITY)
  run.pass(5_000)
  await run.agent.stop('asked to')
  await stage.kill(run)
}

let cases = 0
/** A directory of its own for each random case: what is left of one would be the next one's past. */
async function inDirectory<T>(root: string, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = join(root, String(cases++))
  mkdirSync(dir)
  try {
    return await work(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

t.test('killed at any call of the file system, and again, it tells of every line once', async t => {
  const root = t.testdir()
  const property = fc.asyncProperty(specs, fc.array(life, { minLength: 1, maxLength: 4 }), (log, lives) =>
    inDirectory(root, async dir => {
      const stage = openStage(dir, linesOf(log))
      for (const { steps, calls } of lives) {
        const run = await stage.start(calls)
        await play(run, steps)
        await stage.kill(run)
      }
      await finish(stage)
      if (told(stage.given) !== log.length)
        throw new Error(`${log.length} lines were read, ${told(stage.given)} are told of`)
    }),
  )
  await fc.assert(property, { numRuns: casesOf(20, 60) })
})

function atRest(dir: string): ForensicRecord[] {
  return readdirSync(dir)
    .filter(name => /\.jsonl(\.zst)?$/.test(name))
    .flatMap(name => {
      const bytes = readFileSync(join(dir, name))
      const text = String(name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes)
      return text.split('\n').filter(Boolean)
    })
    .map(line => JSON.parse(line) as ForensicRecord)
}

t.test('the same of records at rest, where each stands once however often segments were closed', async t => {
  const root = t.testdir()
  const bytes = fc.constantFrom(1_000, 4_000, 1 << 20)
  const property = fc.asyncProperty(
    specs,
    fc.array(life, { minLength: 1, maxLength: 3 }),
    bytes,
    (log, lives, segmentBytes) =>
      inDirectory(root, async dir => {
        const stage = openStage(dir, linesOf(log), segmentBytes)
        for (const { steps, calls } of lives) {
          const run = await stage.start(calls)
          await play(run, steps)
          await stage.kill(run)
        }
        await finish(stage)
        const rested = atRest(join(dir, 'records')).filter(record => record.event.startsWith('flow.'))
        const ids = new Set(rested.map(({ id }) => id))
        if (ids.size !== rested.length) throw new Error(`${rested.length - ids.size} records stand twice`)
        if (told(rested) !== log.length)
          throw new Error(`${log.length} lines were read, ${told(rested)} are told of`)
      }),
  )
  await fc.assert(property, { numRuns: casesOf(15, 40) })
})

t.test('what was counted and not told of is told after a crash', async t => {
  const log: LogLine[] = Array.from({ length: 5 }, (_, i) => denial(start + i * 100, '203.0.113.1'))
  const stage = openStage(t.testdir(), log)
  const run = await stage.start()
  run.feed(5)
  run.pass(1_500)
  t.equal(told(stage.given), 1, 'the first is told at once, the others are counted')
  await stage.kill(run)
  await finish(stage)
  t.equal(told(stage.given), 5)
})
