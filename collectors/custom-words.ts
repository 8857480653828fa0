// What the words of a log of somebody else's mean, by its mapping.

import type { Always, Words } from './custom-mapping.ts'
import { Direction, Reply, type Reported, TcpFlag, Verdict } from './flow.ts'
import { isObject } from './json-object.ts'
import { isEvaluated, policyName } from './policy-kinds.ts'

export function isAlways<T>(mapping: object): mapping is Always<T> {
  return 'always' in mapping
}

/** From a word, in any case, to what it means; `otherwise` for the others. */
export function meaningsOf<T, R>(
  { words }: Words<T>,
  read: (value: T) => R,
  otherwise: R,
): (word: string) => R {
  const meanings = new Map(Object.entries(words).map(([word, value]) => [word.toLowerCase(), read(value)]))
  return word => meanings.get(word.toLowerCase()) ?? otherwise
}

export const verdictOf = (word: 'allowed' | 'denied' | 'rejected' | 'audited' | 'none'): Verdict =>
  Verdict[word]
export const directionOf = (word: 'egress' | 'ingress'): Direction => Direction[word]
export const replyOf = (isReply: boolean): Reply => (isReply ? Reply.yes : Reply.no)

/** Of flags in words (`SYN,ACK`), in letters (`SA`, `S.` as tcpdump has them) or as a number; 0 for anything else: none is known. */
export function flagsOf(text: string): number {
  if (/^(?:0x[\da-f]{1,3}|\d{1,3})$/i.test(text)) return Number(text) & 511
  const words = text.toLowerCase().split(/[^a-z.]+/)
  const bits = words.map((word): number => TcpFlag[word as keyof typeof TcpFlag] ?? lettersOf(word))
  return bits.includes(-1) ? 0 : bits.reduce((sum, bit) => sum | bit, 0)
}

const letters: Readonly<Record<string, number>> = {
  f: TcpFlag.fin,
  s: TcpFlag.syn,
  r: TcpFlag.rst,
  p: TcpFlag.psh,
  a: TcpFlag.ack,
  '.': TcpFlag.ack,
  u: TcpFlag.urg,
  e: TcpFlag.ece,
  c: TcpFlag.cwr,
  w: TcpFlag.cwr,
}

function lettersOf(word: string): number {
  return [...word].reduce((sum, letter) => (sum < 0 ? sum : sum | (letters[letter] ?? -1)), 0)
}

/** What a line reports, in the order of `reportKey`'s parts. */
export interface Report {
  readonly reported: Reported
  /** The policy is of a kind that culprit does not evaluate. */
  readonly isOther: boolean
}

const SEPARATOR = '\0'

export function reportKey(parts: readonly string[]): string {
  return parts.join(SEPARATOR)
}

/** From verdict, policy, namespace, kind and words; empty where the line has none. */
export function reportOf(by: string, key: string): Report {
  const [verdict = '', policy = '', ns = '', kind = '', as = ''] = key.split(SEPARATOR)
  const own = kind === '' ? 'NetworkPolicy' : kind
  const names = policyTexts(policy).map(name => policyName(own, name.includes('/') ? '' : ns, name))
  return {
    reported: {
      by,
      ...(verdict !== '' && { verdict }),
      policies: names,
      ...(as !== '' && { as }),
    },
    isOther: names.length > 0 && !isEvaluated(own),
  }
}

/** A name, or a JSON list of names or of objects that have one. */
function policyTexts(text: string): string[] {
  if (!text.startsWith('[')) return text === '' ? [] : [text]
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.flatMap(nameOf) : []
  } catch {
    // Brackets that are no JSON are part of the name.
    return [text]
  }
}

function nameOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (!isObject(value) || typeof value.name !== 'string') return []
  return [typeof value.namespace === 'string' ? `${value.namespace}/${value.name}` : value.name]
}
