// A packet as Open vSwitch prints it (lib/match.c match_format): words and `key=value`, separated by commas, in a fixed order of
// which any part may be missing.

import { scanAddress, scanSmall, textOf, word, wordOf } from './bytes.ts'
import { Outcome } from './collector.ts'
import { type Flow, Proto, TcpFlag } from './flow.ts'
import { hasPorts } from './protocol-names.ts'

const BLANK = 32
const COMMA = 44
const EQUALS = 61
const BAR = 124

/** Both families of a transport have a word of their own; `ip` and `ipv6` go with nw_proto. */
const words = new Map<string, number>([
  ['tcp', Proto.tcp],
  ['tcp6', Proto.tcp],
  ['udp', Proto.udp],
  ['udp6', Proto.udp],
  ['sctp', Proto.sctp],
  ['sctp6', Proto.sctp],
  ['icmp', Proto.icmp],
  ['icmp6', Proto.icmpv6],
  ['igmp', Proto.igmp],
  ['ip', -1],
  ['ipv6', -1],
])
/** What is no IP packet: no policy judges it. */
const others = new Set(['arp', 'rarp', 'mpls', 'mplsm', 'nsh', 'eth'])

/** Bits of what has been read: each may come once. */
const SOURCE = 1
const DESTINATION = 2
const SPORT = 4
const DPORT = 8
const ICMP_TYPE = 16
const ICMP_CODE = 32
const FLAGS = 64
const NUMBER = 128
const WORD = 256
const OTHER = 512
const LATER = 1024

const ints = new Int32Array(1)
const LATE = wordOf('late')

/** From the packet on to the end of the line. A packet that is none of IP is a note. */
export function readAclPacket(bytes: Uint8Array, at: number, end: number, flow: Flow): Outcome {
  let seen = 0
  let item = 0
  while (at < end) {
    item = readItem(bytes, at, end, flow)
    if (item < 0 || (item & seen) !== 0) return Outcome.malformed
    seen |= item
    while (at < end && bytes[at] !== COMMA) at++
    at++
  }
  if ((seen & OTHER) !== 0 && (seen & (SOURCE | WORD)) === 0) return Outcome.note
  if (!isWhole(seen, flow) || (isOpen(bytes, end) && mayGoOn(item, flow))) return Outcome.malformed
  return Outcome.flow
}

/** Both addresses, and what the transport has. */
function isWhole(seen: number, flow: Flow): boolean {
  const ends = SOURCE | DESTINATION
  if ((seen & ends) !== ends || (seen & (WORD | NUMBER)) === 0) return false
  if ((seen & LATER) !== 0) {
    // Of a fragment that is not the first, Open vSwitch prints the ports it does not have as 0.
    flow.sport = -1
    flow.dport = -1
    return true
  }
  const { proto } = flow
  if (proto === Proto.icmp || proto === Proto.icmpv6) return (seen & ICMP_CODE) !== 0
  // `ip` and `ipv6` say no protocol: its number does.
  if (proto < 0) return false
  if (!hasPorts(proto)) return true
  return (seen & DPORT) !== 0 && (proto !== Proto.tcp || (seen & FLAGS) !== 0)
}

/** The newline was not seen. */
function isOpen(bytes: Uint8Array, end: number): boolean {
  let at = end
  while (bytes[at] === BLANK || bytes[at] === 13) at++
  return bytes[at] === 0
}

/**
 * The last number or word of a line without its newline may be the beginning of another one: a port that a digit could follow,
 * flags that end without ACK. A SYN is one: replies are not logged, so it is not that of a SYN-ACK.
 */
function mayGoOn(last: number, { proto, dport, icmpCode, tcpFlags }: Flow): boolean {
  if (last === SOURCE || last === DESTINATION) return true
  if (last === NUMBER) return proto * 10 <= 255
  if (last === DPORT) return dport > 0 && dport * 10 <= 65535
  if (last === ICMP_CODE) return icmpCode > 0 && icmpCode * 10 <= 255
  return last === FLAGS && tcpFlags !== TcpFlag.syn && (tcpFlags & TcpFlag.ack) === 0
}

/** The bit of the item, 0 for one that is not needed here, -1 where it is broken. */
function readItem(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  let key = at
  while (key < end && isKeyByte(bytes[key]!)) key++
  if (key === at || (key < end && bytes[key] !== EQUALS && bytes[key] !== COMMA)) return tail(bytes, at, end)
  if (bytes[key] !== EQUALS) return readWord(textOf(bytes, at, Math.min(key, at + 8)), flow)
  const value = key + 1
  switch (textOf(bytes, at, Math.min(key, at + 10))) {
    case 'nw_src':
    case 'ipv6_src':
      return closed(bytes, scanAddress(bytes, value, flow.address, 0), end, SOURCE)
    case 'nw_dst':
    case 'ipv6_dst':
      return closed(bytes, scanAddress(bytes, value, flow.address, 4), end, DESTINATION)
    case 'tp_src':
    case 'sctp_src':
      return closed(bytes, readNumber(bytes, value, 65535, flow, 'sport'), end, SPORT)
    case 'tp_dst':
    case 'sctp_dst':
      return closed(bytes, readNumber(bytes, value, 65535, flow, 'dport'), end, DPORT)
    case 'icmp_type':
      return closed(bytes, readNumber(bytes, value, 255, flow, 'icmpType'), end, ICMP_TYPE)
    case 'icmp_code':
      return closed(bytes, readNumber(bytes, value, 255, flow, 'icmpCode'), end, ICMP_CODE)
    case 'nw_frag':
    case 'ip_frag':
      return word(bytes, value) === LATE ? LATER : 0
    case 'nw_proto':
      return closed(bytes, readNumber(bytes, value, 255, flow, 'proto'), end, NUMBER)
    case 'tcp_flags':
      return closed(bytes, readFlags(bytes, value, end, flow), end, FLAGS)
    default:
      return 0
  }
}

/** Lower-case letters, digits and `_`. */
function isKeyByte(byte: number): boolean {
  return (byte - 97) >>> 0 <= 25 || (byte - 48) >>> 0 <= 9 || byte === 95
}

/** The rest of a value that had a comma in it is let pass, but for what two lines torn into one leave. */
function tail(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end && bytes[at] !== COMMA; at++) if (bytes[at] === BAR) return -1
  return 0
}

function closed(bytes: Uint8Array, after: number, end: number, bit: number): number {
  return after === end || (after > 0 && bytes[after] === COMMA) ? bit : -1
}

function readNumber(
  bytes: Uint8Array,
  at: number,
  max: number,
  flow: Flow,
  field: 'sport' | 'dport' | 'icmpType' | 'icmpCode' | 'proto',
): number {
  const after = scanSmall(bytes, at, max, ints, 0)
  if (after > 0) flow[field] = ints[0]!
  return after
}

function readWord(name: string, flow: Flow): number {
  const proto = words.get(name)
  if (proto === undefined) return others.has(name) ? OTHER : 0
  if (proto >= 0) flow.proto = proto
  return WORD
}

const flags = [
  ['fin', TcpFlag.fin],
  ['syn', TcpFlag.syn],
  ['rst', TcpFlag.rst],
  ['psh', TcpFlag.psh],
  ['ack', TcpFlag.ack],
  ['urg', TcpFlag.urg],
  ['ece', TcpFlag.ece],
  ['cwr', TcpFlag.cwr],
  // Two letters: `ns` is the bit that is now called AE.
] as const
const flagWords = new Map(flags.map(([name, bit]) => [wordOf(`${name}\0`), bit]))

/** `syn|ack`, or `0` for none. */
function readFlags(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  if (bytes[at] === 48) {
    flow.tcpFlags = 0
    return at + 1
  }
  let bits = 0
  for (;;) {
    const isShort = bytes[at] === 110 && bytes[at + 1] === 115
    const name = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
    const bit = isShort ? TcpFlag.ae : flagWords.get(name)
    if (bit === undefined) return -1
    bits |= bit
    at += isShort ? 2 : 3
    if (bytes[at] !== BAR || at >= end) break
    at++
  }
  flow.tcpFlags = bits
  return at
}
