// The configuration is followed on a real directory, through every way of changing a file.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type ConfigChange, readConfigFile, watchConfig } from '../../agent/config-file.ts'

/** Follows the file; `next` resolves with what is said next. */
function follow(file: string) {
  const { text, reading } = readConfigFile(file, {})
  if ('problems' in reading) throw new Error(reading.problems.join('\n'))
  const said: (ConfigChange | readonly string[])[] = []
  let tell: (() => void) | undefined
  const say = (what: ConfigChange | readonly string[]): void => {
    said.push(what)
    tell?.()
  }
  const end = new AbortController()
  const done = watchConfig({
    file,
    surroundings: {},
    config: reading.config,
    text,
    onChanged: say,
    onRefused: say,
    signal: end.signal,
    pollMs: 10,
    settleMs: 10,
  })
  return {
    async next(): Promise<ConfigChange | readonly string[]> {
      if (said.length === 0)
        await new Promise<void>(resolve => {
          tell = resolve
        })
      return said.shift()!
    },
    async [Symbol.asyncDispose]() {
      end.abort()
      await done
      if (said.length > 0) throw new Error(`said more: ${JSON.stringify(said)}`)
    },
  }
}

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'culprit-config-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

t.test('an edit is taken, a bad one refused as a whole, and taking it back is said', async t => {
  const file = join(folderOf(t), 'culprit.yaml')
  writeFileSync(file, 'log: { level: warn }\n')
  await using followed = follow(file)
  writeFileSync(file, 'log: { level: debug }\nnode: n\n')
  t.match(await followed.next(), {
    config: { log: { level: 'debug' } },
    hash: /^[0-9a-f]{12}$/,
    keys: { now: ['log.level'], atRestart: ['node'] },
  })
  writeFileSync(file, 'log: { level: debug }\nnode: ""\nhistroy: 1\n')
  t.same(await followed.next(), ['node: it is empty', 'histroy: unknown key, did you mean history'])
  writeFileSync(file, 'log: { level: debug }\nnode: n\n')
  t.match(await followed.next(), { keys: { now: [], atRestart: [] } })
})

t.test('a renamed file, a deleted one and one that comes again are followed', async t => {
  const folder = folderOf(t)
  const file = join(folder, 'culprit.yaml')
  writeFileSync(file, '')
  await using followed = follow(file)
  writeFileSync(join(folder, '.new'), 'history: { minutes: 5 }')
  renameSync(join(folder, '.new'), file)
  t.match(await followed.next(), { keys: { now: [], atRestart: ['history.minutes'] } })
  unlinkSync(file)
  t.same(await followed.next(), [`Cannot read "${file}": there is no such file`])
  mkdirSync(file)
  t.same(await followed.next(), [`Cannot read "${file}": it is a directory`])
  rmSync(file, { recursive: true })
  t.same(await followed.next(), [`Cannot read "${file}": there is no such file`])
  writeFileSync(file, 'history: { minutes: 6 }')
  t.match(await followed.next(), { config: { history: { minutes: 6 } } })
})

t.test("a ConfigMap's swap of its inner link is followed", async t => {
  const folder = folderOf(t)
  const put = (name: string, text: string): void => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'culprit.yaml'), text)
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  put('..2026_1', 'history: { minutes: 1 }')
  symlinkSync('..data/culprit.yaml', join(folder, 'culprit.yaml'))
  await using followed = follow(join(folder, 'culprit.yaml'))
  for (const minutes of [2, 3]) {
    put(`..2026_${minutes}`, `history: { minutes: ${minutes} }`)
    rmSync(join(folder, `..2026_${minutes - 1}`), { recursive: true })
    t.match(await followed.next(), {
      config: { history: { minutes } },
      keys: { now: [], atRestart: ['history.minutes'] },
    })
  }
})
