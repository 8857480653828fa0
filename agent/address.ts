// IP addresses as four signed 32-bit words, IPv4 in its IPv4-mapped IPv6 form: one representation for both families, so
// `::ffff:203.0.113.10` *is* 203.0.113.10 everywhere (rule S34) and no map needs a string key. A leaf: it imports nothing.

/** Four int32 words, most significant first. IPv4 a.b.c.d is [0, 0, 0xffff, abcd]. */
export type Address = Int32Array

/** A CIDR with host bits masked away (S35); `bits` counts over the 128-bit form, so an IPv4 /24 has 120. */
export interface Cidr {
  readonly address: Address
  readonly bits: number
}

const MAPPED = 0xffff

/** True for IPv4, written plainly or IPv4-mapped. */
export function isIPv4(words: Address, at = 0): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED
}

export function equalAddresses(a: Address, atA: number, b: Address, atB: number): boolean {
  return (
    a[atA] === b[atB] && a[atA + 1] === b[atB + 1] && a[atA + 2] === b[atB + 2] && a[atA + 3] === b[atB + 3]
  )
}

/**
 * Reads an address in any valid spelling: IPv4 (leading zeros are decimal, as ParseCIDRSloppy reads them), compressed, long
 * or IPv4-mapped IPv6. A zone (`%eth0`) is refused. Returns undefined for anything else.
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text)
}

function parseIPv4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    const byte = decimal(part, 255)
    if (byte < 0) return undefined
    value = (value << 8) | byte
  }
  return Int32Array.of(0, 0, MAPPED, value)
}

function decimal(text: string, max: number): number {
  if (text.length === 0 || text.length > 10) return -1
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value > max ? -1 : value
}

function parseIPv6(text: string): Address | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const words = new Int32Array(4)
  for (let i = 0; i < 4; i++) words[i] = (all[2 * i]! << 16) | all[2 * i + 1]!
  return words
}

/** The 16-bit groups of one side of `::`; a dotted IPv4 tail counts as two. */
function groups(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === '') return []
  const result: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (mayEndInIPv4 && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseIPv4(part)
      if (v4 === undefined) return undefined
      result.push((v4[3]! >>> 16) & 0xffff, v4[3]! & 0xffff)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
      result.push(Number.parseInt(part, 16))
    }
  }
  return result
}

/** Canonical text: dotted IPv4, or RFC 5952 IPv6. */
export function formatAddress(words: Address, at = 0): string {
  if (isIPv4(words, at)) {
    const v = words[at + 3]!
    return `${v >>> 24}.${(v >>> 16) & 255}.${(v >>> 8) & 255}.${v & 255}`
  }
  const parts: number[] = []
  for (let i = 0; i < 4; i++) parts.push((words[at + i]! >>> 16) & 0xffff, words[at + i]! & 0xffff)
  let best = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && parts[i + n] === 0) n++
    if (n > length) {
      best = i
      length = n
    }
  }
  if (best < 0) return parts.map(p => p.toString(16)).join(':')
  const left = parts
    .slice(0, best)
    .map(p => p.toString(16))
    .join(':')
  const right = parts
    .slice(best + length)
    .map(p => p.toString(16))
    .join(':')
  return `${left}::${right}`
}

/** Reads `address/bits`; host bits are masked (S35). An IPv4-mapped CIDR of /96 or longer is the IPv4 one (S34). */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const address = parseAddress(text.slice(0, slash))
  if (address === undefined) return undefined
  const dotted = !text.slice(0, slash).includes(':')
  const prefix = decimal(text.slice(slash + 1), dotted ? 32 : 128)
  if (prefix < 0) return undefined
  const bits = dotted ? prefix + 96 : prefix
  return { address: maskAddress(address, bits), bits }
}

/** A copy with everything after the first `bits` bits cleared. */
export function maskAddress(address: Address, bits: number): Address {
  const masked = new Int32Array(4)
  for (let i = 0; i < 4; i++) {
    const keep = Math.min(32, Math.max(0, bits - 32 * i))
    masked[i] = keep === 0 ? 0 : address[i]! & (keep === 32 ? -1 : ~(0xffffffff >>> keep))
  }
  return masked
}

export function formatCidr(cidr: Cidr): string {
  const v4 = isIPv4(cidr.address) && cidr.bits >= 96
  return `${formatAddress(cidr.address)}/${v4 ? cidr.bits - 96 : cidr.bits}`
}

/** True when the address lies inside. `::/0` holds no IPv4 address and `0.0.0.0/0` no IPv6 address (S33). */
export function inCidr(cidr: Cidr, words: Address, at = 0): boolean {
  if (cidr.bits < 96 && isIPv4(words, at)) return false
  for (let i = 0; i < 4; i++) {
    const keep = cidr.bits - 32 * i
    if (keep <= 0) return true
    const mask = keep >= 32 ? -1 : ~(0xffffffff >>> keep)
    if (((words[at + i]! ^ cidr.address[i]!) & mask) !== 0) return false
  }
  return true
}
