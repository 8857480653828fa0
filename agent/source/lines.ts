// From chunks of bytes to lines. A line that lies inside one chunk is handed on where it is, without a copy; only one that runs
// over the end of a chunk is put together in a buffer of its own.
//
// Newlines are searched with Buffer.indexOf: 28 ns per line of 210 bytes here, against 60 for a loop over int32 words and 140 for
// one over bytes (test/bench/collectors.bench.ts measures it as `lines`).

export interface LineLimits {
  /** A line longer than this is handed on cut to it, and its rest is skipped. */
  readonly maxBytes: number
}

export const defaultLimits: LineLimits = { maxBytes: 1 << 20 }

/**
 * `bytes[start..end)` is the line and `bytes[end]` a newline, or NUL where none was seen; valid only during the call. `offset` is where the line begins in the
 * stream, counted from the first byte ever written, or from the offset given at creation.
 */
export type OnLine = (bytes: Uint8Array, start: number, end: number, offset: number) => void

export interface Lines {
  write(chunk: Uint8Array): void
  /** Hands on the last line, if the stream ended without a newline. */
  close(): void
  /** Where the line begins that is not complete yet: what a checkpoint may be set to. */
  readonly offset: number
  /** Lines that were cut because they were too long, and the bytes that were skipped with them. */
  readonly cut: number
  readonly skippedBytes: number
  /** NUL bytes skipped at the start of lines: the hole that a truncated file leaves when its writer goes on at its old offset. */
  readonly nulBytes: number
}

const NEWLINE = 10
/** Stands behind a line whose newline was not seen, so that a collector can tell a number that may have been cut. */
const CUT = 0

export function createLines(onLine: OnLine, limits: LineLimits = defaultLimits, startOffset = 0): Lines {
  const { maxBytes } = limits
  let carry = Buffer.allocUnsafeSlow(4096)
  let carried = 0
  let offset = startOffset
  let skipping = false
  let cut = 0
  let skippedBytes = 0
  let nulBytes = 0

  function emitCarry(length: number, behind: number): void {
    carry[length] = behind
    onLine(carry, 0, length, offset)
    carried = 0
  }

  /** Keeps `chunk[start..end)` until its line is complete. */
  function keep(chunk: Buffer, start: number, end: number): void {
    const room = Math.min(end - start, maxBytes - carried)
    if (carried + room >= carry.length) grow(carried + room + 1)
    chunk.copy(carry, carried, start, start + room)
    carried += room
    if (start + room === end) return
    cut++
    skipping = true
    skippedBytes += end - start - room
    emitCarry(maxBytes, CUT)
    offset += maxBytes + end - start - room
  }

  function grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(maxBytes + 1, Math.max(size, carry.length * 2)))
    carry.copy(larger, 0, 0, carried)
    carry = larger
  }

  /** The end of a line that began in an earlier chunk; the position after its newline, or the chunk's length. */
  function finish(chunk: Buffer): number {
    const newline = chunk.indexOf(NEWLINE)
    const end = newline < 0 ? chunk.length : newline
    if (skipping) {
      skippedBytes += end
      offset += end
    } else {
      const before = cut
      keep(chunk, 0, end)
      if (newline >= 0 && cut === before) {
        const length = carried
        emitCarry(length, NEWLINE)
        offset += length
      }
    }
    if (newline < 0) return chunk.length
    skipping = false
    offset++
    return newline + 1
  }

  function skipNuls(chunk: Buffer, at: number): number {
    const start = at
    while (chunk[at] === 0) at++
    nulBytes += at - start
    offset += at - start
    return at
  }

  function emitLine(chunk: Buffer, at: number, newline: number): void {
    if (newline - at <= maxBytes) onLine(chunk, at, newline, offset)
    else {
      cut++
      skippedBytes += newline - at - maxBytes
      const covered = chunk[at + maxBytes]!
      chunk[at + maxBytes] = CUT
      onLine(chunk, at, at + maxBytes, offset)
      chunk[at + maxBytes] = covered
    }
    offset += newline - at + 1
  }

  return {
    write(bytes) {
      const chunk = Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      let at = carried > 0 || skipping ? finish(chunk) : 0
      for (;;) {
        if (chunk[at] === 0) at = skipNuls(chunk, at)
        const newline = chunk.indexOf(NEWLINE, at)
        if (newline < 0) break
        emitLine(chunk, at, newline)
        at = newline + 1
      }
      if (at < chunk.length) keep(chunk, at, chunk.length)
    },
    close() {
      if (carried > 0) {
        const length = carried
        emitCarry(length, CUT)
        offset += length
      }
      skipping = false
    },
    get offset() {
      return offset
    },
    get cut() {
      return cut
    },
    get skippedBytes() {
      return skippedBytes
    },
    get nulBytes() {
      return nulBytes
    },
  }
}
