// Record ids: a ULID of the flow's time and of what cannot change when the same evidence is read again, so that a second
// reading after a crash, or after the file was rotated, gives the same id and cannot count twice.

import { hash } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What identifies one line of evidence. */
export interface Origin {
  readonly node: string
  readonly format: string
  /** Text that identifies the stream: `fingerprint(head)` of a file, or the boot id for kmsg. */
  readonly stream: string
  /** Uncompressed offset in the file, or kmsg sequence. */
  readonly offset: number
}

/** Most bytes of a file's head that identify it; less where its first line is shorter, so that a file may grow. */
export const HEAD_BYTES = 256

/** Identifies a file by its first line, at most HEAD_BYTES of it: the part that neither growth nor rotation changes. */
export function fingerprint(head: Uint8Array): string {
  const newline = head.indexOf(10)
  const end = Math.min(newline < 0 ? head.length : newline + 1, HEAD_BYTES)
  return hash('sha256', head.subarray(0, end), 'hex').slice(0, 32)
}

/** The id of the record made from one line. `time` is in microseconds, NaN becomes time 0. */
export function recordId(time: number, origin: Origin): string {
  return ulid(time, `${origin.node}\0${origin.format}\0${origin.stream}\0${origin.offset}`)
}

/** The id of anything else that a text identifies, such as a follow-up (`of` and its window's start). */
export function ulid(time: number, identity: string): string {
  return encodeTime(time) + encodeHash(hash('sha256', identity, 'buffer'))
}

function encodeTime(time: number): string {
  let millis = time >= 0 && time < 281474976710656000 ? Math.floor(time / 1000) : 0
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = ALPHABET[millis % 32]! + text
    millis = Math.floor(millis / 32)
  }
  return text
}

/** Eighty bits as sixteen letters of five. */
function encodeHash(hash: Uint8Array): string {
  let text = ''
  let bits = 0
  let pending = 0
  for (let i = 0; i < 10; i++) {
    pending = (pending << 8) | hash[i]!
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(pending >>> bits) & 31]
    }
    pending &= (1 << bits) - 1
  }
  return text
}
