// When a look at the file of the configuration is believed.

import fc from 'fast-check'
import t from 'tap'
import type { Look } from '../../agent/config-file/look.ts'
import { createSettling } from '../../agent/config-file/settle.ts'

const look = (
  text: string,
  place: Partial<{ realPath: string; inode: string; isNamedLater: boolean }> = {},
): Look => ({
  text,
  realPath: '/c/file',
  inode: '1:1',
  isNamedLater: false,
  ...place,
})
const missing: Look = { trouble: 'there is no such file' }

/** `take` for a look that is believed. */
function play(looks: readonly Look[]): string[] {
  const settling = createSettling('a')
  return looks.map(each => {
    const seen = settling.see(each)
    return typeof seen === 'string' ? seen : 'take'
  })
}

t.test('an edit in place is believed when two looks in turn saw the same', async t => {
  t.same(play([look('a'), look('ab'), look('abc'), look('abc'), look('abc')]), [
    'same',
    'wait',
    'wait',
    'take',
    'same',
  ])
  t.same(
    play([look('a'), look('b'), look('a'), look('a')]),
    ['same', 'wait', 'same', 'same'],
    'taken back meanwhile',
  )
  t.same(play([look('b'), look('b')]), ['wait', 'take'], 'edited before the first look')
})

t.test(
  'a link that was switched, and a file that was renamed over another, are believed at once',
  async t => {
    t.same(play([look('a'), look('b', { realPath: '/c/..2/file', inode: '1:2' })]), ['same', 'take'])
    t.same(play([look('a'), look('b', { inode: '1:2', isNamedLater: true })]), ['same', 'take'])
  },
)

t.test('a new file that is still being written is not', async t => {
  const fresh = { inode: '1:2' }
  t.same(play([look('a'), look('', fresh), look('b', fresh), look('bc', fresh), look('bc', fresh)]), [
    'same',
    'wait',
    'wait',
    'wait',
    'take',
  ])
})

t.test('a file that goes, and comes again, is believed like an edit', async t => {
  t.same(play([look('a'), missing, look('a')]), ['same', 'wait', 'same'], 'an editor removed it for a moment')
  t.same(play([missing, missing, missing, look('a'), look('a')]), ['wait', 'take', 'same', 'wait', 'take'])
})

t.test(
  'whatever is seen, what is believed was seen twice in turn or put in place whole, and nothing is believed twice',
  async t => {
    const anyLook = fc.oneof(
      fc.constant(missing),
      fc.record({
        text: fc.constantFrom('a', 'b', 'c'),
        realPath: fc.constantFrom('/c/1', '/c/2'),
        inode: fc.constantFrom('1', '2'),
        isNamedLater: fc.boolean(),
      }),
    )
    const same = (a: Look | undefined, b: Look): boolean =>
      a !== undefined && ('text' in a ? 'text' in b && a.text === b.text : 'trouble' in b)
    fc.assert(
      fc.property(fc.array(anyLook, { maxLength: 20 }), looks => {
        const settling = createSettling('a')
        let believed: Look = look('a')
        looks.forEach((each, i) => {
          const seen = settling.see(each)
          const before = looks[i - 1]
          if (seen === 'same' && !same(believed, each)) throw new Error('a change was overlooked')
          if (typeof seen === 'string') return
          if (same(believed, seen)) throw new Error('believed twice')
          const isWhole =
            before !== undefined &&
            'text' in before &&
            'text' in each &&
            (before.realPath !== each.realPath || before.inode !== each.inode)
          if (!same(before, each) && !isWhole) throw new Error('believed at first sight')
          believed = seen
        })
        // What stays is believed in the end.
        const last = looks.at(-1)
        if (last === undefined) return
        settling.see(last)
        settling.see(last)
        if (settling.see(last) !== 'same') throw new Error('never settles')
      }),
      { numRuns: 2000 },
    )
    t.pass('held')
  },
)
