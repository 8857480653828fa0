// Where the frames of a zstd file begin and end (RFC 8878). A file may hold several, one after the other; Node's decompressor stops
// after the first without a word (measured with Node 24.21), so whoever reads a file has to ask it for each frame.

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

export interface Frame {
  readonly start: number
  readonly end: number
  /** Skippable frames hold no content. */
  readonly isSkippable: boolean
}

/** Bytes of the file from `at`; fewer at its end. */
export type ReadAt = (at: number, length: number) => Buffer

/** Every frame of a file of `size` bytes. @throws Error where the file is no zstd or ends within a frame. */
export function* zstdFrames(read: ReadAt, size: number): Generator<Frame> {
  for (let start = 0; start < size; ) {
    const frame = frameAt(read, start)
    if (frame.end > size) throw new Error('it ends within a zstd frame: it was cut')
    yield frame
    start = frame.end
  }
}

function frameAt(read: ReadAt, start: number): Frame {
  const head = read(start, 18)
  if (head.length < 8) throw new Error('it ends within a zstd frame: it was cut')
  const magic = head.readUInt32LE(0)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE)
    return { start, end: start + 8 + head.readUInt32LE(4), isSkippable: true }
  if (magic !== MAGIC) throw new Error('it holds something else than zstd')
  const descriptor = head[4]!
  let at = start + headerBytes(descriptor)
  for (let isLast = false; !isLast; ) {
    const block = read(at, 3)
    if (block.length < 3) throw new Error('it ends within a zstd frame: it was cut')
    const header = block.readUIntLE(0, 3)
    isLast = (header & 1) === 1
    // A block of one repeated byte says how often, and holds it once.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3)
  }
  const hasChecksum = (descriptor & 4) !== 0
  return { start, end: at + (hasChecksum ? 4 : 0), isSkippable: false }
}

/** RFC 8878, 3.1.1.1: magic, descriptor, window, dictionary id, content size. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const size = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  return 5 + (isSingleSegment ? 0 : 1) + dictionary + size
}
