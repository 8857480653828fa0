import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { own } from '../../agent/source/owner.ts'

t.test('a directory has one owner at a time, however long its path', async t => {
  const dir = join(t.testdir(), 'a'.repeat(120))
  mkdirSync(dir)
  const first = await own(dir)
  t.ok(first)
  t.equal(await own(dir), undefined)
  await first![Symbol.asyncDispose]()
  const second = await own(dir)
  t.ok(second)
  await second![Symbol.asyncDispose]()
})

t.test('what an owner leaves that was killed keeps nobody out; one that is stopped still has it', async t => {
  const dir = t.testdir()
  const module = join(import.meta.dirname, '../../agent/source/owner.ts')
  const code = `import { own } from '${module}'; console.log(await own(process.argv[1]) !== undefined); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.match(String((await once(child.stdout, 'data'))[0]), 'true')
  t.equal(await own(dir), undefined)
  child.kill('SIGSTOP')
  t.equal(await own(dir), undefined)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const next = await own(dir)
  t.ok(next)
  await next![Symbol.asyncDispose]()
})

t.test('a directory that is not there is said', async t => {
  await t.rejects(own(join(t.testdir(), 'none')), { code: 'ENOENT' })
})
