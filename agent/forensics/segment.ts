// Segments: the files that records rest in. `records.v1.000000000001.jsonl` holds a chain's lines from that number on; closed it is
// compressed (`.jsonl.zst`), with an index beside it (`.index`). The version stands in the name, so that whoever does not know
// it leaves the file alone.

export const SEGMENT_VERSION = 1

export type SegmentKind = 'open' | 'closed' | 'index'

export interface SegmentName {
  readonly version: number
  /** Number of its first line in the chain. */
  readonly first: number
  /** `part`: what a crash left of a file that was being written. */
  readonly kind: SegmentKind | 'part'
  /** The name without its ending: what the files of one segment share. */
  readonly stem: string
}

const endings: Readonly<Record<SegmentKind, string>> = {
  open: '.jsonl',
  closed: '.jsonl.zst',
  index: '.index',
}

export function segmentName(first: number, kind: SegmentKind): string {
  return `records.v${SEGMENT_VERSION}.${String(first).padStart(12, '0')}${endings[kind]}`
}

const pattern = /^(records\.v(\d+)\.(\d+))(\.jsonl|\.jsonl\.zst|\.index)(\.part)?$/

/** Undefined for a file that is no segment's. Of another version, only `version` is to be relied on. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = pattern.exec(name)
  if (match === null) return /^records\.v(\d+)\./.test(name) ? unknown(name) : undefined
  const [, stem, version, first, ending, part] = match
  const kind = (Object.keys(endings) as SegmentKind[]).find(each => endings[each] === ending)!
  return {
    version: Number(version),
    first: Number(first),
    kind: part === undefined ? kind : 'part',
    stem: stem!,
  }
}

/** What a later version may call its files is not ours to know. */
function unknown(name: string): SegmentName | undefined {
  const version = Number(/^records\.v(\d+)\./.exec(name)![1])
  return version === SEGMENT_VERSION ? undefined : { version, first: 0, kind: 'open', stem: name }
}
