// The index beside a closed segment: for each block that can be read by itself, its time range and what its records are about, so that
// a narrow question reads few blocks. It only ever rules out; what it does not know, it lets through.

import { termsOf, type Wanted, wantedTerms } from './query-filter.ts'
import { createIdTable, type IdKey, readKey } from './query-ids.ts'
import { createSeer } from './query-shape.ts'
import { passes, termFilter } from './term-filter.ts'

export const INDEX_VERSION = 1

/** `offset` and `bytes` of the compressed block, `raw` bytes when read; times in microseconds, absent where no line has one. */
export interface IndexBlock {
  readonly offset: number
  readonly bytes: number
  readonly raw: number
  readonly lines: number
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Base64 of a bit for each of the index's `terms`. */
  readonly terms: string
  /** It holds more than its terms say: they rule nothing out, but for events. */
  readonly open?: true | undefined
  /** Lines without a time. */
  readonly timeless?: number | undefined
}

/** A segment's index but for its blocks: the first line of its file, which most questions need alone. */
export interface IndexHead {
  readonly v: typeof INDEX_VERSION
  /** Of the compressed segment that it belongs to. */
  readonly bytes: number
  /** Numbers of the segment's first and last line. */
  readonly first: number
  readonly last: number
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly timeless?: number | undefined
  readonly open?: true | undefined
  /** It holds gaps in the evidence. */
  readonly gaps?: true | undefined
}

/** The second line; before the terms it has a filter of them, which earlier versions neither write nor miss. */
export interface IndexBody {
  readonly terms: readonly string[]
  readonly blocks: readonly IndexBlock[]
}

export interface SegmentIndex extends IndexHead {
  body(): IndexBody
  /** Without reading its blocks: may any of them hold what is wanted? */
  mayHold(wanted: Wanted): boolean
  /** What the filter says of a term; true where there is none. */
  passes(term: string): boolean
}

type BlockContent = Omit<IndexBlock, 'offset' | 'bytes'>

export interface Indexer {
  /** One block of whole lines. */
  block(bytes: Buffer): BlockContent
  /** The terms so far; begins a new segment. */
  take(): readonly string[]
}

/** Terms of a segment beyond which blocks are left open. */
const MOST_TERMS = 4096
/** First records whose repeats may still come: some three times what folding holds. */
const REMEMBERED = 65_536
const NEWLINE = 10

/** Remembers first records from segment to segment, so that the blocks of their repeats are indexed as well. */
export function createIndexer(): Indexer {
  const see = createSeer(termsOf)
  const firsts = createIdTable<readonly string[]>(REMEMBERED)
  const key: IdKey = { a: -1, b: 0, c: 0 }
  let positions = new Map<string, number>()

  /** False where there is no room for one of them. */
  function add(terms: readonly string[], block: Set<number>): boolean {
    let isWhole = true
    for (const term of terms) {
      let position = positions.get(term)
      // Events are few, and every index has all of its own.
      if (position === undefined && (positions.size < MOST_TERMS || term.startsWith('e:'))) {
        position = positions.size
        positions.set(term, position)
      }
      if (position === undefined) isWhole = false
      else block.add(position)
    }
    return isWhole
  }

  function blockOf(bytes: Buffer): BlockContent {
    const terms = new Set<number>()
    let known: readonly string[] | undefined
    let [lines, timeless, from, to, isOpen] = [
      0,
      0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      false,
    ]
    for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
      end = bytes.indexOf(NEWLINE, at)
      if (end < 0) end = bytes.length
      lines++
      const line = see(bytes, at, end)
      if (typeof line === 'string') {
        isOpen = true
        continue
      }
      if (Number.isNaN(line.time)) timeless++
      // A checkpoint has the time of writing, which in a replay is days after what it stands between.
      else if (line.made[0] !== 'e:chain.checkpoint') {
        from = Math.min(from, line.time)
        to = Math.max(to, line.last)
      }
      if (line.kind === 'first') firsts.set(line.id, line.made)
      if (line.made !== known && !add(line.made, terms)) isOpen = true
      known = line.made
      if (line.kind === 'first') continue
      readKey(Buffer.from(line.of), 0, key)
      const first = firsts.get(key)
      if (first === undefined || !add(first, terms)) isOpen = true
    }
    return {
      raw: bytes.length,
      lines,
      from: from <= to ? from : undefined,
      to: from <= to ? to : undefined,
      terms: bitmap(terms),
      open: isOpen ? true : undefined,
      timeless: timeless > 0 ? timeless : undefined,
    }
  }

  return {
    block: blockOf,
    take() {
      const terms = [...positions.keys()]
      positions = new Map()
      return terms
    },
  }
}

function bitmap(positions: ReadonlySet<number>): string {
  const bits = Buffer.alloc((Math.max(-1, ...positions) >> 3) + 1)
  for (const position of positions) bits[position >> 3]! |= 1 << (position & 7)
  return bits.toString('base64')
}

/** A function that tells whether a block of this index may hold what is wanted, whenever it was. */
export function mayHold({ terms }: IndexBody, wanted: Wanted): (block: IndexBlock) => boolean {
  const positions = new Map(terms.map((term, i) => [term, i]))
  const lists = wantedTerms(wanted).map(list => ({
    isEvent: isOfEvents(list),
    positions: list.map(term => positions.get(term)).filter(position => position !== undefined),
  }))
  return block => {
    const bits = Buffer.from(block.terms, 'base64')
    const has = (position: number) => ((bits[position >> 3] ?? 0) & (1 << (position & 7))) !== 0
    return lists.every(list => (block.open && !list.isEvent) || list.positions.some(has))
  }
}

function isOfEvents(list: readonly string[]): boolean {
  return list.every(term => term.startsWith('e:'))
}

/** True where `index` rules out nothing that `found`, made of the segment's lines again, says is there. */
export function isHonest(index: SegmentIndex, found: IndexBody): boolean {
  const { terms, blocks } = index.body()
  const positions = new Map(terms.map((term, i) => [term, i]))
  const isTold = (term: string) => (index.open && !term.startsWith('e:')) || index.passes(term)
  if (!found.terms.every(isTold)) return false
  return found.blocks.every((block, i) => {
    const told = blocks[i]
    if (told === undefined || !covers(told, block) || !covers(index, block)) return false
    if (told.open && !index.open) return false
    return found.terms.every(
      (term, position) =>
        !hasBit(block.terms, position) ||
        (told.open && !term.startsWith('e:')) ||
        hasBit(told.terms, positions.get(term) ?? -1),
    )
  })
}

function covers(
  told: Pick<IndexBlock, 'from' | 'to' | 'timeless'>,
  { from, to, timeless }: IndexBlock,
): boolean {
  if ((timeless ?? 0) > (told.timeless ?? 0)) return false
  return (
    from === undefined || to === undefined || ((told.from ?? from + 1) <= from && (told.to ?? to - 1) >= to)
  )
}

function hasBit(base64: string, position: number): boolean {
  const bits = Buffer.from(base64, 'base64')
  return position >= 0 && ((bits[position >> 3] ?? 0) & (1 << (position & 7))) !== 0
}

/** Does any of its lines overlap the time from `since` to `until`, in microseconds? */
export function isInTime(
  { from, to }: Pick<IndexBlock, 'from' | 'to'>,
  since: number,
  until: number,
): boolean {
  return from !== undefined && to !== undefined && to >= since && from <= until
}

/** The text of an index file. */
export function indexText(
  head: Pick<IndexHead, 'bytes' | 'first' | 'last'>,
  { terms, blocks }: IndexBody,
): string {
  const timed = blocks.filter(({ from }) => from !== undefined)
  const timeless = blocks.reduce((sum, block) => sum + (block.timeless ?? 0), 0)
  const whole: IndexHead = {
    v: INDEX_VERSION,
    ...head,
    from: timed.length > 0 ? Math.min(...timed.map(({ from }) => from!)) : undefined,
    to: timed.length > 0 ? Math.max(...timed.map(({ to }) => to!)) : undefined,
    timeless: timeless > 0 ? timeless : undefined,
    open: blocks.some(({ open }) => open) ? true : undefined,
    gaps: terms.includes('e:evidence.gap') ? true : undefined,
  }
  const filtered: IndexBody & { filter: string } = { filter: termFilter(terms), terms, blocks }
  return `${JSON.stringify(whole)}\n${JSON.stringify(filtered)}\n`
}

/**
 * What a file holds, where it is an index that this version can read and that belongs to a segment of `size` bytes. `start` is its
 * beginning, with its first line at least; the rest is read where neither that nor a filter that is whole there will do.
 */
export function readIndex(start: Buffer, size: number, readWhole = () => start): SegmentIndex | undefined {
  const end = start.indexOf(NEWLINE)
  if (end < 0) return undefined
  const head = parsed<IndexHead>(start.toString('utf8', 0, end))
  if (head?.v !== INDEX_VERSION || head.bytes !== size) return undefined
  let bytes: Buffer | undefined
  let body: IndexBody | undefined
  const whole = () => {
    bytes ??= readWhole()
    if (bytes.at(-1) !== NEWLINE) throw damaged(head.first)
    return bytes
  }
  let filter: Buffer | undefined
  const passesFilter = (term: string) => {
    filter ??= readFilter(start, end + 1)
    return filter.length === 0 || passes(filter, term)
  }
  return {
    ...head,
    body() {
      body ??= parsed<IndexBody>(whole().toString('utf8', end + 1))
      // Blocks that are not known would be records that are not found.
      if (body === undefined) throw damaged(head.first)
      return body
    },
    mayHold: wanted =>
      wantedTerms(wanted).every(
        list =>
          (head.open && !isOfEvents(list)) ||
          list.some(term => passesFilter(term) && whole().includes(JSON.stringify(term), end)),
      ),
    passes: passesFilter,
  }
}

const FILTER = Buffer.from('{"filter":"')

/** Empty where the second line does not begin with one, or it is not there to its end. */
function readFilter(start: Buffer, at: number): Buffer {
  const from = at + FILTER.length
  const to = start.indexOf('"', from)
  if (to < 0 || start.compare(FILTER, 0, FILTER.length, at, from) !== 0) return Buffer.alloc(0)
  return Buffer.from(start.toString('latin1', from, to), 'base64')
}

function damaged(first: number): Error {
  const text = `Cannot read the index of the segment that begins with line ${first}: it is damaged, remove it`
  return Object.assign(new Error(text), { code: 'DAMAGED' })
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}
