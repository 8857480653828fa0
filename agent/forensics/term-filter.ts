// Which terms a segment's index has, in ten bits each (a Bloom filter): that a term is not there can be told from the beginning of the
// file. A term that is there is never denied; one in a hundred that is not is let through, and looked for in the whole.

/** With so many bits for each term and so many of them set, one foreign term in 120 is let through. */
const BITS = 10
const SET = 7
/** Bytes; in fewer, the bits of a term fall on each other. */
const LEAST = 64

/** Base64. */
export function termFilter(terms: readonly string[]): string {
  const filter = Buffer.alloc(Math.max(LEAST, Math.ceil((terms.length * BITS) / 8)))
  for (const term of terms) for (const bit of bitsOf(term, filter.length)) filter[bit >> 3]! |= 1 << (bit & 7)
  return filter.toString('base64')
}

/** False only for a term that the filter was not made of. */
export function passes(filter: Uint8Array, term: string): boolean {
  return bitsOf(term, filter.length).every(bit => (filter[bit >> 3]! & (1 << (bit & 7))) !== 0)
}

/** They stand in files: another way of choosing them needs another name for the filter there. */
function bitsOf(term: string, bytes: number): readonly number[] {
  const start = hashed(term, 0x811c9dc5)
  const step = hashed(term, 0x01000193)
  return Array.from({ length: SET }, (_, i) => (start + i * step) % (bytes * 8))
}

/** FNV-1a over UTF-16 units, with the end of MurmurHash3, without which terms that differ in their last letter alone lie together. */
function hashed(term: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < term.length; i++) hash = Math.imul(hash ^ term.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
