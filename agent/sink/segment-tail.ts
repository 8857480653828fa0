// Which of some records are not at rest: those that a crash kept from the segments. They were the last ones that anybody was to write,
// so they stand at the end of the newest segments or nowhere; a segment may have been closed since they were committed.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { ForensicRecord } from '../forensics/record.ts'
import { parseSegmentName, SEGMENT_VERSION } from '../forensics/segment.ts'

/** The newest ones are always looked through: the last may hold nothing yet but what segments say of themselves. */
const NEWEST = 2

/** Those whose id no whole line of the segments has, in their order. @throws what the system says. */
export function missingFrom(dir: string, records: readonly ForensicRecord[]): readonly ForensicRecord[] {
  const wanted = new Set(records.map(({ id }) => id))
  let looked = 0
  for (const name of newestFirst(dir)) {
    if (wanted.size === 0) break
    const before = wanted.size
    for (const id of idsIn(textOf(join(dir, name)))) wanted.delete(id)
    // Older ones hold older records.
    if (++looked >= NEWEST && wanted.size === before) break
  }
  return records.filter(({ id }) => wanted.has(id))
}

/** Of a segment that is being compressed there are two files. */
function newestFirst(dir: string): string[] {
  return readdirSync(dir)
    .flatMap(name => {
      const parsed = parseSegmentName(name)
      const isData = parsed?.kind === 'open' || parsed?.kind === 'closed'
      return isData && parsed.version === SEGMENT_VERSION ? [{ name, first: parsed.first }] : []
    })
    .sort((a, b) => b.first - a.first)
    .map(({ name }) => name)
}

/** Of a closed one that is damaged nothing is known: what it held may be written twice, and is not lost. */
function textOf(path: string): string {
  const bytes = readFileSync(path)
  if (!path.endsWith('.zst')) return String(bytes)
  try {
    return String(zstdDecompressSync(bytes))
  } catch {
    return ''
  }
}

/** Of whole lines. */
function* idsIn(text: string): Generator<string> {
  for (let start = 0; ; ) {
    const end = text.indexOf('\n', start)
    if (end < 0) return
    const id = /"id":"([0-9A-Z]{26})"/.exec(text.slice(start, end))?.[1]
    if (id !== undefined) yield id
    start = end + 1
  }
}
