// The chain through all lines of all segments: each carries the hash of the line before it and of its own bytes, so that a line that
// was changed, taken out or put in is found. It keeps nobody from writing the whole chain anew: for that, a checkpoint has to be
// kept where he cannot reach it.

import { hash } from 'node:crypto'

/** Where a chain stands: the number of its last line, from 1, and that line's hash. */
export interface Chain {
  readonly seq: number
  /** SHA-256 in base64url. */
  readonly hash: string
}

export const GENESIS: Chain = { seq: 0, hash: '' }

const MARK = Buffer.from(',"chain":{"seq":')

export interface ChainedLine {
  readonly line: string
  readonly chain: Chain
}

/** A record's JSON as a line of the chain, without its newline. */
export function chained({ seq, hash: before }: Chain, json: string): ChainedLine {
  const body = json.slice(0, -1)
  const chain = { seq: seq + 1, hash: hash('sha256', before + body, 'base64url') }
  return { line: `${body},"chain":{"seq":${chain.seq},"hash":"${chain.hash}"}}`, chain }
}

/** What a line says of itself, and where its hashed part ends; undefined where it does not end as a line of a chain does. */
export function readChain(line: Buffer): (Chain & { readonly bodyEnd: number }) | undefined {
  const bodyEnd = line.lastIndexOf(MARK)
  if (bodyEnd < 0) return undefined
  const text = line.toString('latin1', bodyEnd + MARK.length, line.length)
  const match = /^(\d{1,15}),"hash":"([A-Za-z0-9_-]{43})"\}\}$/.exec(text)
  return match === null ? undefined : { seq: Number(match[1]), hash: match[2]!, bodyEnd }
}

/** The hash that a line must have after `before`; `body` are its bytes up to `,"chain":`. */
export function hashAfter(before: string, body: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(before), body]), 'base64url')
}
