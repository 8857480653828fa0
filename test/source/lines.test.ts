import t from 'tap'
import { createLines, type LineLimits } from '../../agent/source/lines.ts'
import { createRandom } from '../bench/generate.ts'

interface Got {
  readonly text: string
  readonly offset: number
}

function split(chunks: readonly Uint8Array[], limits?: LineLimits, start?: number) {
  const got: Got[] = []
  const lines = createLines(
    (bytes, from, to, offset) => {
      if (bytes[to] !== 10 && bytes[to] !== 0) t.fail('neither newline nor NUL behind the line')
      got.push({ text: Buffer.from(bytes.subarray(from, to)).toString('latin1'), offset })
    },
    limits,
    start,
  )
  for (const chunk of chunks) lines.write(chunk)
  lines.close()
  return { got, lines }
}

const texts = (chunks: readonly string[], limits?: LineLimits): string[] =>
  split(
    chunks.map(chunk => Buffer.from(chunk, 'latin1')),
    limits,
  ).got.map(({ text }) => text)

t.test('lines come out whole, wherever the chunks are cut', async t => {
  t.strictSame(texts(['a\nbc\n\nd']), ['a', 'bc', '', 'd'])
  t.strictSame(texts(['a', '\n', 'b', 'c\n', '\nd\n']), ['a', 'bc', '', 'd'])
  t.strictSame(texts([]), [])
  t.strictSame(texts(['', '\n']), [''])
  t.strictSame(texts(['last']), ['last'], 'the last line needs no newline')
})

t.test('a line whose newline was not seen has a NUL behind it', async t => {
  const behind = (text: string, limits?: LineLimits): number[] => {
    const got: number[] = []
    const lines = createLines((bytes, _from, to) => got.push(bytes[to]!), limits)
    lines.write(Buffer.from(text))
    lines.close()
    return got
  }
  t.strictSame(behind('ab\ncd\n'), [10, 10])
  t.strictSame(behind('ab\ncd'), [10, 0], 'the end of the input')
  t.strictSame(behind('abcdef\ncd\n', { maxBytes: 4 }), [0, 10], 'a line that is too long')
  t.strictSame(behind('abcdef', { maxBytes: 4 }), [0], 'one that is too long and has no end')
})

t.test('offsets are those of the stream', async t => {
  const { got, lines } = split(
    ['ab\nc', 'd\n', 'ef'].map(text => Buffer.from(text)),
    undefined,
    100,
  )
  t.strictSame(got, [
    { text: 'ab', offset: 100 },
    { text: 'cd', offset: 103 },
    { text: 'ef', offset: 106 },
  ])
  t.equal(lines.offset, 108)
})

t.test('the offset for a checkpoint is that of the line which is not complete yet', async t => {
  const lines = createLines(() => {})
  lines.write(Buffer.from('ab\ncd'))
  t.equal(lines.offset, 3)
  lines.write(Buffer.from('e'))
  t.equal(lines.offset, 3)
  lines.write(Buffer.from('\n'))
  t.equal(lines.offset, 7)
})

t.test('a line that is too long is cut, and said', async t => {
  const limits = { maxBytes: 4 }
  for (const chunks of [
    ['abcdefg\nxy\n'],
    ['abc', 'defg\nxy\n'],
    ['abcd', 'efg', '\nxy\n'],
    ['abcdefg', '\n', 'xy'],
    [...'abcdefg\nxy\n'],
  ]) {
    const { got, lines } = split(
      chunks.map(text => Buffer.from(text)),
      limits,
    )
    t.strictSame(
      got,
      [
        { text: 'abcd', offset: 0 },
        { text: 'xy', offset: 8 },
      ],
      chunks.join('|'),
    )
    t.equal(lines.cut, 1)
    t.equal(lines.skippedBytes, 3)
  }
  t.strictSame(texts(['abcd\nabcde\n'], limits), ['abcd', 'abcd'], 'the limit itself is allowed')
})

t.test('a hole of NUL bytes at the start of a line is skipped, and counted', async t => {
  const { got, lines } = split([Buffer.from('a\n\0\0'), Buffer.alloc(9), Buffer.from('\0bc\nd\0e\n')])
  t.strictSame(got, [
    { text: 'a', offset: 0 },
    { text: 'bc', offset: 14 },
    { text: 'd\0e', offset: 17 },
  ])
  t.equal(lines.nulBytes, 12)
})

t.test('random chunks of random lines agree with split()', async t => {
  const random = createRandom(5)
  for (let round = 0; round < 300; round++) {
    let text = ''
    for (let i = Math.floor(random() * 30); i > 0; i--)
      text += `${'x'.repeat(Math.floor(random() * 40))}${random() < 0.7 ? '\n' : 'yz'}`
    const chunks: Uint8Array[] = []
    for (let at = 0; at < text.length; ) {
      const size = 1 + Math.floor(random() * 50)
      chunks.push(Buffer.from(text.slice(at, at + size)))
      at += size
    }
    const limits = { maxBytes: 1 + Math.floor(random() * 60) }
    const expected: Got[] = []
    let offset = 0
    for (const line of text.split('\n')) {
      if (line !== '' || offset < text.length) expected.push({ text: line.slice(0, limits.maxBytes), offset })
      offset += line.length + 1
    }
    const { got } = split(chunks, limits)
    if (JSON.stringify(got) !== JSON.stringify(expected)) return t.strictSame(got, expected)
  }
})

t.test('a line inside one chunk is not copied', async t => {
  const chunk = Buffer.from('abc\ndef\n')
  const seen: boolean[] = []
  createLines(bytes => seen.push(bytes === chunk)).write(chunk)
  t.strictSame(seen, [true, true])
})
