// A finished file, or standard input, as chunks of bytes; compressed files are told by their first bytes, not by their name.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { zstdFrames } from './zstd-frames.ts'

/** 64-256 KiB reads fastest here; see test/bench/replay.bench.ts. */
const CHUNK = 256 * 1024

export interface Finished {
  /** As the user wrote it; `-` is standard input. */
  readonly name: string
  /** Microseconds since 1970 of the last change, NaN for standard input. */
  readonly modified: number
  /** A chunk is valid until the next one is asked for. Throws when compressed data is cut short or damaged. */
  chunks(): AsyncIterable<Uint8Array>
}

/**
 * Opens a file for reading once, from its beginning to its present end.
 * @throws Error with a message that names the file and what is wrong: missing, unreadable, a directory, empty.
 */
export function openFinished(name: string): Finished {
  const fd = openRegular(name)
  const { size, mtimeMs } = fstatSync(fd)
  const isRegular = fstatSync(fd).isFile()
  const head = new Uint8Array(4)
  const headBytes = isRegular ? readSync(fd, head, 0, 4, 0) : 0
  if (isRegular && size === 0) {
    closeSync(fd)
    throw new Error(`Cannot read "${name}": it is empty`)
  }
  const compression = isRegular ? compressionOf(head.subarray(0, headBytes)) : undefined
  return {
    name,
    modified: mtimeMs * 1000,
    chunks: () => (compression === undefined ? plainChunks(fd) : decompressed(fd, compression)),
  }
}

function openRegular(name: string): number {
  let fd: number
  try {
    fd = openSync(name, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'permission denied'
          : (cause as Error).message
    throw new Error(`Cannot read "${name}": ${why}`, { cause })
  }
  if (fstatSync(fd).isDirectory()) {
    closeSync(fd)
    throw new Error(`Cannot read "${name}": it is a directory, name the log file in it`)
  }
  return fd
}

function compressionOf(head: Uint8Array): 'gzip' | 'zstd' | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd'
  return undefined
}

/** readSync into one buffer: five times as fast as a stream, and a finished file blocks nobody. */
async function* plainChunks(fd: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK)
  try {
    for (;;) {
      const length = readSync(fd, buffer, 0, CHUNK, null)
      if (length === 0) return
      yield buffer.subarray(0, length)
    }
  } finally {
    closeSync(fd)
  }
}

async function* decompressed(fd: number, compression: 'gzip' | 'zstd'): AsyncGenerator<Uint8Array> {
  try {
    const { size } = fstatSync(fd)
    if (compression === 'gzip') yield* unpacked(fd, 0, size, createGunzip({ chunkSize: CHUNK }))
    else for (const { start, end } of framesOf(fd, size)) yield* unpacked(fd, start, end, zstd())
  } finally {
    closeSync(fd)
  }
}

const zstd = () => createZstdDecompress({ chunkSize: CHUNK })

/** Frame by frame: Node's decompressor stops after the first without a word. One that is cut is read as far as it goes. */
function* framesOf(fd: number, size: number): Generator<{ readonly start: number; readonly end: number }> {
  let start = 0
  try {
    for (const frame of zstdFrames((at, length) => readAt(fd, at, length), size)) {
      if (!frame.isSkippable) yield frame
      start = frame.end
    }
  } catch (error) {
    yield { start, end: size }
    throw error
  }
}

async function* unpacked(
  fd: number,
  start: number,
  end: number,
  stream: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
): AsyncGenerator<Uint8Array> {
  const file = Readable.from(stretch(fd, start, end))
  file.on('error', error => stream.destroy(error))
  try {
    yield* file.pipe(stream) as AsyncIterable<Uint8Array>
  } finally {
    file.destroy()
  }
}

function* stretch(fd: number, start: number, end: number): Generator<Buffer> {
  for (let at = start; at < end; at += CHUNK) yield readAt(fd, at, Math.min(CHUNK, end - at))
}

function readAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at))
}

/** True when the bytes cannot be the beginning of a log: more than a tenth are control characters that text does not have. */
export function looksBinary(head: Uint8Array): boolean {
  let control = 0
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32)) control++
  return control * 10 > head.length
}

/**
 * The same chunks, but the first one holds the first line or `bytes` of it at least, however the stream was cut: what identifies
 * a stream must not depend on how fast its writer was.
 */
export async function* withWholeHead(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined
  let isWhole = false
  for await (const chunk of chunks) {
    if (isWhole) {
      yield chunk
      continue
    }
    // A chunk is valid until the next one is asked for, so a part of the head is copied.
    head = head === undefined ? chunk : Buffer.concat([head, chunk])
    isWhole = head.length >= bytes || head.includes(10)
    if (isWhole) yield head
    else head = head.slice()
  }
  if (head !== undefined && !isWhole) yield head
}
