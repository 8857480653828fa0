// `10.244.1.11:45130`, `fd00::11:45130`, `[fd00::11]:45130`: an address and a port, with what Go's `%s:%d` makes of IPv6.

import { scanAddress, scanSmall } from './bytes.ts'

const COLON = 58
const OPEN = 91
const CLOSE = 93

// Room for an address alone: the colon before the port would be read as one of an IPv6 address.
const room = new Uint8Array(64)

/** Reads `bytes[start..end)` whole: the address into `words[slot..slot+3]`, the port into `ports[portSlot]`. */
export function readAddressPort(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Int32Array,
  slot: number,
  ports: Int32Array,
  portSlot: number,
): boolean {
  let colon = end - 1
  while (colon > start && bytes[colon] !== COLON) colon--
  if (colon <= start || scanSmall(bytes, colon + 1, 65535, ports, portSlot) !== end) return false
  let stop = colon
  if (bytes[start] === OPEN) {
    start++
    stop--
    if (bytes[stop] !== CLOSE) return false
  }
  const length = stop - start
  if (length >= room.length) return false
  for (let i = 0; i < length; i++) room[i] = bytes[start + i]!
  room[length] = 10
  return scanAddress(room, 0, words, slot) === length
}
