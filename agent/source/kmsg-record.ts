// One record of `/dev/kmsg`: `level,sequence,microseconds,flags;text`, and after the newline the kernel's own ` KEY=value` lines
// about it, which nobody needs here.

export interface KmsgRecord {
  sequence: number
  /** Microseconds since boot. */
  stamp: number
  /** Where its first line ends. */
  end: number
}

const COMMA = 44
const SEMICOLON = 59
const NEWLINE = 10

/** Reads the record in `bytes[0..length)`. False where it is none. */
export function readKmsgRecord(bytes: Uint8Array, length: number, record: KmsgRecord): boolean {
  const level = skipDigits(bytes, 0, length)
  if (level === 0 || bytes[level] !== COMMA) return false
  const sequence = skipDigits(bytes, level + 1, length)
  if (sequence === level + 1 || bytes[sequence] !== COMMA) return false
  const stamp = skipDigits(bytes, sequence + 1, length)
  if (stamp === sequence + 1 || (bytes[stamp] !== COMMA && bytes[stamp] !== SEMICOLON)) return false
  record.sequence = numberIn(bytes, level + 1, sequence)
  record.stamp = numberIn(bytes, sequence + 1, stamp)
  let end = stamp
  while (end < length && bytes[end] !== NEWLINE) end++
  record.end = end
  return true
}

function skipDigits(bytes: Uint8Array, at: number, length: number): number {
  while (at < length && (bytes[at]! - 48) >>> 0 <= 9) at++
  return at
}

function numberIn(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (; at < end; at++) value = value * 10 + (bytes[at]! - 48)
  return value
}
