// The connections that were there, and answered, before anybody listened: `conntrack -L` names them. What happens to them later is
// no connection of now, so it is neither recorded nor lost; without this every start would count every open connection anew.
//
//   [1795541609.664935]<TAB>[UPDATE] ipv4     2 tcp      6 120 FIN_WAIT src=… [ASSURED] id=3178364610

export interface KnownConnections {
  /** A line of `conntrack -L -o extended,id`. */
  list(bytes: Uint8Array, start: number, end: number): void
  /** True for an event of a listed connection. Its end, and a new connection of the same id, make it forgotten. */
  isKnown(bytes: Uint8Array, start: number, end: number): boolean
  readonly size: number
}

const BLANK = 32
const OPEN = 91
const [LETTER_N, LETTER_D] = [78, 68]
const UNREPLIED = Buffer.from('[UNREPLIED]')

export function createKnownConnections(): KnownConnections {
  const known = new Set<number>()
  return {
    list(bytes, start, end) {
      const id = connectionId(bytes, start, end)
      // Whether an unanswered one will be let through is decided by what comes.
      if (id >= 0 && !isUnreplied(bytes, start, end)) known.add(id)
    },
    isKnown(bytes, start, end) {
      if (known.size === 0) return false
      const id = connectionId(bytes, start, end)
      if (id < 0 || !known.has(id)) return false
      const event = eventLetter(bytes, start, end)
      if (event === LETTER_N || event === LETTER_D) known.delete(id)
      return event !== LETTER_N
    },
    get size() {
      return known.size
    },
  }
}

function isUnreplied(bytes: Uint8Array, start: number, end: number): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).includes(UNREPLIED)
}

/** The number of ` id=NUMBER` at the line's end, or -1; in the middle of the line `id=` is ICMP's. */
function connectionId(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && bytes[end - 1]! <= BLANK) end--
  let id = 0
  let at = end
  for (let place = 1; at > start && (bytes[at - 1]! - 48) >>> 0 <= 9; place *= 10)
    id += (bytes[--at]! - 48) * place
  const isId =
    bytes[at - 1] === 61 && bytes[at - 2] === 100 && bytes[at - 3] === 105 && bytes[at - 4] === BLANK
  return at - 4 >= start && at < end && isId ? id : -1
}

/** Of `[NEW]`, `[UPDATE]` or `[DESTROY]`, behind the stamp. */
function eventLetter(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] !== OPEN || (bytes[at + 1]! - 65) >>> 0 > 25)) at++
  return bytes[at + 1]!
}
