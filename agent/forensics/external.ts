// Addresses outside of the cluster may be personal data: a record can do without them, or with their beginning. They stand in many
// places of a record (the ends, translations, what the nearest rule has, an edit's CIDR, the CNI's own words), so each of the record's
// texts is looked through.

import { formatAddress, maskAddress, parseAddress } from '../address.ts'
import type { Endpoint, ForensicRecord } from './record.ts'

export interface ExternalOptions {
  readonly how: 'omit' | 'prefix'
  /** Bits that are kept. */
  readonly ipv4: number
  readonly ipv6: number
}

/** What stands for an address that is left out. */
const OMITTED = 'external'

export function createExternal(options: ExternalOptions): (record: ForensicRecord) => ForensicRecord {
  return record => {
    const hidden = new Map(addressesOf(record).map(ip => [ip, shown(ip, options)]))
    if (hidden.size === 0) return record
    const without = replaceIn(record, text => replaceText(text, hidden)) as ForensicRecord
    return options.how === 'omit' ? withoutAddresses(without) : without
  }
}

function shown(ip: string, options: ExternalOptions): string {
  return options.how === 'omit' ? OMITTED : prefixOf(ip, options)
}

/** Of ends that are external; and what a translation shows of them. */
function addressesOf(record: ForensicRecord): string[] {
  if (!('src' in record) || record.src === undefined) return []
  const { src, dst } = record
  const nat = 'nat' in record ? record.nat : undefined
  const ends = [src, dst].flatMap(({ kind, ip }) => (kind === 'external' ? hostOf(ip) : []))
  const isOutside = ends.length > 0
  const translated = isOutside ? [nat?.src, nat?.dst].flatMap(text => hostOf(text)) : []
  return [...new Set([...ends, ...translated])]
}

/** Of `10.96.0.1:80`, `[fd00::1]:80`, or an address alone, in its canonical spelling. */
function hostOf(text: string | undefined): string[] {
  const host = /^(?:\[(.+)\]:\d+|([^:]+):\d+|(.+))$/.exec(text ?? '')
  const ip = host?.[1] ?? host?.[2] ?? host?.[3]
  const words = ip === undefined ? undefined : parseAddress(ip)
  return words === undefined ? [] : [formatAddress(words)]
}

/** With its length, `203.0.113.0/24`. */
function prefixOf(ip: string, { ipv4, ipv6 }: ExternalOptions): string {
  const isV4 = !ip.includes(':')
  const words = maskAddress(parseAddress(ip)!, isV4 ? 96 + ipv4 : ipv6)
  return `${formatAddress(words)}/${isV4 ? ipv4 : ipv6}`
}

function replaceIn(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value)
  if (Array.isArray(value)) return value.map(each => replaceIn(each, replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaceIn(each, replace)]))
}

/** Whatever may be an address, with the length behind it; whether it is one is asked of the parser. */
const v6 =
  /(?<!\w)(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})(?!\w)(?:\/\d{1,3})?/g
const v4 = /(?<!\d|\d\.)\d{1,10}(?:\.\d{1,10}){3}(?!\d|\.\d)(?:\/\d{1,3})?/g

/** In any spelling, and not inside of a longer address; with its length, which would lie. */
function replaceText(text: string, hidden: ReadonlyMap<string, string>): string {
  const replace = (found: string): string => {
    const words = parseAddress(found.replace(/\/\d+$/, ''))
    return (words && hidden.get(formatAddress(words))) ?? found
  }
  return text.replace(v6, replace).replace(v4, replace)
}

function withoutAddresses(record: ForensicRecord): ForensicRecord {
  if (!('src' in record) || record.src === undefined) return record
  return { ...record, src: withoutAddress(record.src), dst: withoutAddress(record.dst) } as ForensicRecord
}

function withoutAddress(end: Endpoint): Endpoint {
  if (end.kind !== 'external') return end
  const { ip: _, ...rest } = end
  return rest
}
