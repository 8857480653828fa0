// Whatever kills the process, what is restored is what was committed: whole commits, from the first to the last that stands.

import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type CheckpointFs, type Commit, openCheckpoint } from '../../agent/source/checkpoint.ts'

const name = (generation: number) => `state.v1.${String(generation).padStart(9, '0')}.jsonl`

function commit(at: number): Commit {
  return { at, sources: { 'a "b" \n ü': { at } }, records: [`{"id":"${at}","text":"ünï\\n"}`] }
}

/** The file that is being written. */
function newest(dir: string): string {
  return nodeFs
    .readdirSync(dir)
    .filter(each => each.endsWith('.jsonl'))
    .sort()
    .at(-1)!
}

/** `at` of each commit that is restored. */
function restored(dir: string): readonly number[] {
  return openCheckpoint(dir).restored.map(({ at }) => at)
}

/** Fails at the calls that `isBad` names, with the system's error. */
function failing(isBad: (call: string) => boolean, code = 'ENOSPC', half = false): CheckpointFs {
  const wrap =
    (call: string, work: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      if (!isBad(call)) return work(...args)
      if (half && call === 'writeSync') {
        const [fd, bytes, offset, length, position] = args as [number, Buffer, number, number, number]
        nodeFs.writeSync(fd, bytes, offset, length >> 1, position)
      }
      throw Object.assign(new Error(`${code}: ${call}`), { code })
    }
  return Object.fromEntries(
    Object.entries(nodeFs)
      .filter(([, value]) => typeof value === 'function')
      .map(([call, value]) => [call, wrap(call, value as (...args: unknown[]) => unknown)]),
  ) as unknown as CheckpointFs
}

t.test('commits are restored as they were made, records as objects', async t => {
  const dir = join(t.testdir(), 'state')
  const checkpoint = openCheckpoint(dir)
  t.same(checkpoint.restored, [])
  t.throws(() => checkpoint.append(commit(1)), /there is no file of state yet/)
  checkpoint.begin(commit(1))
  checkpoint.append({ at: 2, state: { fold: [] } })
  checkpoint.append({ at: 3, records: [] })
  checkpoint.close()
  t.equal(nodeFs.statSync(join(dir, name(1))).mode & 0o777, 0o600)
  t.equal(nodeFs.statSync(dir).mode & 0o777, 0o700)
  t.same(openCheckpoint(dir).restored, [
    { at: 1, sources: { 'a "b" \n ü': { at: 1 } }, records: [{ id: '1', text: 'ünï\n' }] },
    { at: 2, state: { fold: [] } },
    { at: 3 },
  ])
})

t.test('a new file holds all there is, and the older one goes', async t => {
  const dir = t.testdir()
  const checkpoint = openCheckpoint(dir)
  checkpoint.begin(commit(1))
  checkpoint.append(commit(2))
  checkpoint.begin(commit(3))
  checkpoint.append(commit(4))
  t.same(nodeFs.readdirSync(dir), [name(2)])
  t.same(restored(dir), [3, 4])
})

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ do: 'append' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'begin' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('torn' as const), cut: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('part' as const), text: fc.string() }) },
)

t.test('random programs: what is restored is a prefix of whole commits', async t => {
  const root = t.testdir()
  let cases = 0
  const property = fc.property(fc.array(step, { maxLength: 40 }), steps => {
    const dir = join(root, String(cases++))
    let checkpoint = openCheckpoint(dir)
    let at = 0
    checkpoint.begin(commit(at))
    let model = [at]
    const reopen = (): void => {
      const found = checkpoint.restored.map(each => each.at)
      if (String(found) !== String(model)) throw new Error(`restored ${found}, not ${model}`)
      checkpoint.begin(commit(++at))
      model = [at]
    }
    for (const each of steps) {
      if (each.do === 'append') checkpoint.append(commit(++at))
      if (each.do === 'append') model.push(at)
      else if (each.do === 'begin') {
        checkpoint.begin(commit(++at))
        model = [at]
      } else if (each.do === 'torn') {
        checkpoint.close()
        const path = join(dir, newest(dir))
        const bytes = nodeFs.readFileSync(path)
        // The first line was made safe before the name was given.
        const first = bytes.indexOf(10) + 1
        const size = first + (each.cut % (bytes.length - first + 1))
        nodeFs.truncateSync(path, size)
        model = model.slice(0, String(bytes.subarray(0, size)).split('\n').length - 1)
        checkpoint = openCheckpoint(dir)
        reopen()
      } else {
        checkpoint.close()
        nodeFs.writeFileSync(join(dir, `${newest(dir)}.part`), each.text)
        checkpoint = openCheckpoint(dir)
        reopen()
      }
    }
    checkpoint.close()
    if (String(restored(dir)) !== String(model)) throw new Error(`restored ${restored(dir)}, not ${model}`)
    nodeFs.rmSync(dir, { recursive: true })
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 100 }))
})

t.test('of an append that fails nothing stands, and the next one is made', async t => {
  for (const code of ['ENOSPC', 'EIO']) {
    const dir = t.testdir()
    let bad = false
    const checkpoint = openCheckpoint(
      dir,
      failing(call => bad && call === 'writeSync', code, true),
    )
    checkpoint.begin(commit(1))
    bad = true
    t.throws(() => checkpoint.append(commit(2)), { code })
    bad = false
    t.same(restored(dir), [1])
    checkpoint.append(commit(3))
    t.same(restored(dir), [1, 3])
  }
})

t.test('a file that cannot begin leaves nothing behind, and the one before goes on', async t => {
  for (const bad of ['openSync', 'writeSync', 'fsyncSync', 'renameSync', 'directory']) {
    const dir = t.testdir()
    let syncs = 0
    let isOn = false
    const fs = failing(call => {
      if (!isOn) return false
      if (bad !== 'directory') return call === bad
      return call === 'fsyncSync' && ++syncs % 2 === 0
    }, 'EIO')
    const checkpoint = openCheckpoint(dir, fs)
    checkpoint.begin(commit(1))
    isOn = true
    for (let i = 0; i < 3; i++) t.throws(() => checkpoint.begin(commit(2)), { code: 'EIO' }, bad)
    isOn = false
    t.same(nodeFs.readdirSync(dir), [name(1)], `${bad}: nothing is left of it`)
    checkpoint.append(commit(3))
    t.same(restored(dir), [1, 3], bad)
    checkpoint.begin(commit(4))
    t.same(restored(dir), [4], bad)
  }
})

t.test('an older file that cannot be removed is passed over', async t => {
  const dir = t.testdir()
  const checkpoint = openCheckpoint(
    dir,
    failing(call => call === 'unlinkSync', 'EACCES'),
  )
  checkpoint.begin(commit(1))
  checkpoint.begin(commit(2))
  t.same(restored(dir), [2])
})

t.test('files of another version are left alone and said, and numbers go on after theirs', async t => {
  const foreign = 'state.v2.000000000007.jsonl'
  const dir = t.testdir({ [foreign]: '{"at":1}\n', [name(3)]: '{"at":5}\n', 'other.txt': '' })
  const checkpoint = openCheckpoint(dir)
  t.same(checkpoint.restored, [{ at: 5 }])
  t.match(checkpoint.notes, [/state\.v2\.000000000007\.jsonl" is of a version that is not known/])
  checkpoint.begin(commit(6))
  t.same(nodeFs.readdirSync(dir).sort(), ['other.txt', name(8), foreign].sort())
})

t.test('a newest file without a whole line is said, and the one before it is taken', async t => {
  const dir = t.testdir({ [name(1)]: '{"at":5}\n{"at":6}\n{"no":1}\n{"at":7}\n', [name(2)]: '{"at":9' })
  const { restored, notes } = openCheckpoint(dir)
  t.same(restored, [{ at: 5 }, { at: 6 }])
  t.match(notes, [/000000002\.jsonl" holds nothing whole/])
})

t.test('nothing is written where somebody else writes, or where the file is gone', async t => {
  const dir = t.testdir()
  const checkpoint = openCheckpoint(dir)
  checkpoint.begin(commit(1))
  nodeFs.appendFileSync(join(dir, name(1)), '{"at":99}\n')
  t.throws(() => checkpoint.append(commit(2)), /somebody else writes to it/)
  checkpoint.begin(commit(3))
  nodeFs.rmSync(dir, { recursive: true })
  t.throws(() => checkpoint.append(commit(4)), /somebody removed it/)
  checkpoint.begin(commit(5))
  t.same(restored(dir), [5])
})
