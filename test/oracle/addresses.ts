// Address arithmetic of the oracle: a family and one BigInt, blocks as first and last address. Nothing is shared with
// agent/address.ts, on purpose: a slip in one of the two shows as a difference.

export interface Ip {
  readonly family: 4 | 6
  readonly value: bigint
}

export interface Block {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
  /** The prefix length as written: a mapped block counts over 128 bits. */
  readonly length: number
}

const mappedPrefix = 0xffffn

/** Reads an address in any spelling, undefined where it is none. S34: an IPv4-mapped IPv6 address is the IPv4 address. */
export function readIp(text: string): Ip | undefined {
  const wide = text.includes(':') ? readWide(text) : undefined
  if (wide === undefined) return text.includes(':') ? undefined : readDotted(text)
  return wide >> 32n === mappedPrefix ? { family: 4, value: wide & 0xffffffffn } : { family: 6, value: wide }
}

/** S35: leading zeros are decimal, as ParseCIDRSloppy reads them. */
function readDotted(text: string): Ip | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(text)) return undefined
  const bytes = text.split('.').map(part => BigInt(part))
  if (bytes.some(byte => byte > 255n)) return undefined
  return { family: 4, value: bytes.reduce((sum, byte) => sum * 256n + byte, 0n) }
}

function readWide(text: string): bigint | undefined {
  const plain = replaceDottedTail(text)
  if (plain === undefined || plain.split('::').length > 2 || !/^[0-9a-fA-F:]+$/.test(plain)) return undefined
  const [left, right] = plain.split('::')
  const head = left === '' || left === undefined ? [] : left.split(':')
  const tail = right === '' || right === undefined ? [] : right.split(':')
  const missing = 8 - head.length - tail.length
  if (plain.includes('::') ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail]
  if (!groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return BigInt(`0x${groups.map(group => group.padStart(4, '0')).join('')}`)
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function replaceDottedTail(text: string): string | undefined {
  if (!text.includes('.')) return text
  const cut = text.lastIndexOf(':') + 1
  const v4 = readDotted(text.slice(cut))
  if (v4 === undefined) return undefined
  return `${text.slice(0, cut)}${(v4.value >> 16n).toString(16)}:${(v4.value & 0xffffn).toString(16)}`
}

/** Reads `address/length`. S35: host bits are masked. S34: a mapped block of /96 or longer is the IPv4 one. */
export function readBlock(text: string): Block | undefined {
  const match = /^([^/]+)\/(\d+)$/.exec(text)
  const ip = match === null ? undefined : readIp(match[1]!)
  if (match === null || ip === undefined) return undefined
  const wide = match[1]!.includes(':')
  const length = Number(match[2])
  if (length > (wide ? 128 : 32)) return undefined
  const size = 1n << BigInt((wide ? 128 : 32) - length)
  // A mapped block shorter than /96 reaches beyond the IPv4 addresses, so it is an IPv6 one.
  if (ip.family === 4 && wide && length < 96) return block(6, (mappedPrefix << 32n) | ip.value, size, length)
  return block(ip.family, ip.value, size, length)
}

function block(family: 4 | 6, value: bigint, size: bigint, length: number): Block {
  const first = value - (value % size)
  return { family, first, last: first + size - 1n, length }
}

/** S33: families never mix. */
export function contains(outer: Block, ip: Ip): boolean {
  return outer.family === ip.family && outer.first <= ip.value && ip.value <= outer.last
}

/**
 * S27: an `except` must lie inside its `cidr` and be smaller than it. validation.go tests that its first address is inside and
 * that its mask, as written, is longer; so a mapped cidr takes no plainly written exception.
 */
export function isStrictlyInside(inner: Block, outer: Block): boolean {
  return contains(outer, { family: inner.family, value: inner.first }) && inner.length > outer.length
}

export function isSameIp(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value
}

/** Dotted IPv4, or RFC 5952: lower case, the longest run of two or more zero groups (the first of equals) as `::`. */
export function writeIp(ip: Ip): string {
  if (ip.family === 4) return [24n, 16n, 8n, 0n].map(shift => (ip.value >> shift) & 255n).join('.')
  const groups = ip.value.toString(16).padStart(32, '0').match(/.{4}/g)!
  const text = groups.map(group => group.replace(/^0{1,3}/, '')).join(':')
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)]
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length || a.index - b.index)[0]
  if (longest === undefined) return text
  const left = text.slice(0, longest.index).replace(/:$/, '')
  const right = text.slice(longest.index + longest[0].length).replace(/^:/, '')
  return `${left}::${right}`
}
