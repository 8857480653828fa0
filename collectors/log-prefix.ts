// What the prefix of a kernel LOG line means. LOG itself decides nothing, so only the prefix can say what the rule does next:
// what the operator configured, else what known programs write, else nothing.

import { BLANK, textOf } from './bytes.ts'
import type { PrefixVerdict } from './collector.ts'
import { Cause, Verdict } from './flow.ts'

export interface Meaning {
  readonly verdict: Verdict
  readonly cause: Cause
}

const none: Meaning = { verdict: Verdict.none, cause: Cause.none }
const denied: Meaning = { verdict: Verdict.denied, cause: Cause.none }
const rejected: Meaning = { verdict: Verdict.rejected, cause: Cause.none }
// A host firewall denies too, but no NetworkPolicy does it.
const hostDenied: Meaning = { verdict: Verdict.denied, cause: Cause.notPolicy }
const hostRejected: Meaning = { verdict: Verdict.rejected, cause: Cause.notPolicy }

/** By the beginning of the trimmed prefix. */
const known: readonly (readonly [string, Meaning])[] = [
  // This project's own node (quickstart, sandbox).
  ['np-drop', denied],
  ['np-reject', rejected],
  // Calico Enterprise, dropActionOverride: LogAndDrop. LogAndAccept writes the same text but lets the packet pass.
  ['calico-drop LOGandACCEPT', none],
  ['calico-drop', denied],
  // A Calico rule with action Log: the rule matched, the verdict comes later.
  ['calico-packet', none],
  // ufw. ALLOW and AUDIT lines say only that this chain let it pass; a policy's chain may still drop it.
  ['[UFW BLOCK]', hostDenied],
  ['[UFW LIMIT BLOCK]', hostDenied],
  // firewalld, LogDenied.
  ['FINAL_REJECT', hostRejected],
  ['FINAL_DROP', hostDenied],
  ['STATE_INVALID_DROP', hostDenied],
  ['rpfilter_DROP', hostDenied],
]

/** The meaning of a prefix without the blanks around it. An empty entry means the lines that have no prefix. */
export function meaningOf(prefix: string, configured: readonly PrefixVerdict[]): Meaning {
  const own = configured.find(entry => isMeant(entry.prefix.trim(), prefix))
  if (own !== undefined) return { verdict: Verdict[own.verdict], cause: Cause.none }
  return known.find(([start]) => prefix.startsWith(start))?.[1] ?? firewalldMeaning(prefix)
}

function isMeant(entry: string, prefix: string): boolean {
  return entry === '' ? prefix === '' : prefix.startsWith(entry)
}

/** firewalld names its rules by chain, zone and target: `filter_IN_public_REJECT: `, `filter_FWD_dmz_DROP: `. */
function firewalldMeaning(prefix: string): Meaning {
  if (!prefix.startsWith('filter_')) return none
  if (prefix.endsWith('_REJECT:')) return hostRejected
  return prefix.endsWith('_DROP:') ? hostDenied : none
}

const KEPT = 8
const LONGEST = 255

/**
 * The last few prefixes, compared byte by byte: a node writes a handful of them, millions of times. `match` finds the prefix at
 * the start of a message, so that the scanner can jump over it.
 */
export class PrefixCache {
  readonly #configured: readonly PrefixVerdict[]
  readonly #texts = Array.from({ length: KEPT }, () => new Uint8Array(LONGEST))
  readonly #lengths = new Int32Array(KEPT)
  readonly #meanings: Meaning[] = new Array<Meaning>(KEPT).fill(none)
  #next = 0
  #last = 0

  constructor(configured: readonly PrefixVerdict[]) {
    this.#configured = configured
    // What is not used yet has the length of an empty prefix, so it must have its meaning.
    this.#meanings.fill(meaningOf('', configured))
  }

  /** The length of the prefix at `at` that the previous line had, when this one has it too and `IN=` follows; else -1. */
  guess(bytes: Uint8Array, at: number): number {
    const length = this.#lengths[this.#last]!
    if (bytes[at + length] !== 73 || bytes[at + length + 1] !== 78 || bytes[at + length + 2] !== 61) return -1
    return this.#equals(this.#last, bytes, at) ? length : -1
  }

  /** The meaning of the prefix that `guess` has just confirmed. */
  get last(): Meaning {
    return this.#meanings[this.#last]!
  }

  meaning(bytes: Uint8Array, start: number, end: number): Meaning {
    for (let i = 0; i < KEPT; i++) {
      if (this.#lengths[i] === end - start && this.#equals(i, bytes, start)) {
        this.#last = i
        return this.#meanings[i]!
      }
    }
    return this.#learn(bytes, start, end)
  }

  #equals(i: number, bytes: Uint8Array, at: number): boolean {
    const text = this.#texts[i]!
    const length = this.#lengths[i]!
    for (let j = 0; j < length; j = (j + 1) | 0) if (text[j] !== bytes[(at + j) | 0]) return false
    return true
  }

  #learn(bytes: Uint8Array, start: number, end: number): Meaning {
    const meaning = meaningOf(messageOf(bytes, start, end), this.#configured)
    if (end - start > LONGEST) return meaning
    const i = this.#next
    this.#next = (i + 1) % KEPT
    this.#texts[i]!.set(bytes.subarray(start, end))
    this.#lengths[i] = end - start
    this.#meanings[i] = meaning
    this.#last = i
    return meaning
  }
}

/** The trimmed prefix; what a wrapper of unknown form left before `kernel: ` is no part of it. */
function messageOf(bytes: Uint8Array, start: number, end: number): string {
  while (start < end && bytes[start] === BLANK) start++
  const text = textOf(bytes, start, end)
  const tag = text.lastIndexOf('kernel: ')
  return (tag < 0 ? text : text.slice(tag + 8)).trim()
}
