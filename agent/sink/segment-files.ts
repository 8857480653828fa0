// What segments need of a file system, handed in so that tests can let it fail, and what lies in their directory.

import { join } from 'node:path'
import { parseSegmentName, SEGMENT_VERSION, segmentName } from '../forensics/segment.ts'

export interface SegmentFile {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  truncate(size: number): Promise<void>
  sync(): Promise<void>
  stat(): Promise<{ size: number; nlink?: number }>
  close(): Promise<void>
}

/** The part of `node:fs/promises` that is used. */
export interface SegmentFs {
  readdir(path: string): Promise<string[]>
  stat(path: string): Promise<{ size: number }>
  open(path: string, flags: string, mode?: number): Promise<SegmentFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<unknown>
}

/** Only the agent reads what its node's pods were denied. */
export const FILE_MODE = 0o600
export const DIRECTORY_MODE = 0o700

/** One segment by the files that it has. */
export interface SegmentFiles {
  readonly first: number
  readonly isOpen: boolean
  readonly isClosed: boolean
  readonly hasIndex: boolean
}

export interface Listing {
  /** Oldest first. */
  readonly segments: readonly SegmentFiles[]
  /** Files that a crash left half written. */
  readonly parts: readonly string[]
  /** Files of a version that is not ours. */
  readonly foreign: readonly string[]
}

export async function listSegments(fs: SegmentFs, dir: string): Promise<Listing> {
  const names = await fs.readdir(dir)
  const parts: string[] = []
  const foreign: string[] = []
  const kinds = new Map<number, Set<string>>()
  for (const name of names.toSorted()) {
    const parsed = parseSegmentName(name)
    if (parsed === undefined) continue
    if (parsed.version !== SEGMENT_VERSION) foreign.push(name)
    else if (parsed.kind === 'part') parts.push(name)
    else kinds.set(parsed.first, (kinds.get(parsed.first) ?? new Set()).add(parsed.kind))
  }
  const segments = [...kinds]
    .map(([first, has]) => ({
      first,
      isOpen: has.has('open'),
      isClosed: has.has('closed'),
      hasIndex: has.has('index'),
    }))
    .sort((a, b) => a.first - b.first)
  return { segments, parts, foreign }
}

/** The whole of a file. */
export async function readWhole(fs: SegmentFs, path: string): Promise<Buffer> {
  const file = await fs.open(path, 'r')
  try {
    const { size } = await file.stat()
    return await readAt(file, 0, size)
  } finally {
    await file.close()
  }
}

/** At most `length` bytes from `position`; fewer only at the file's end. */
export async function readAt(file: SegmentFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** All of it; the system may take it in pieces. @throws what the system says; some of it may have been written then. */
export async function writeAt(file: SegmentFile, position: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Writes a file so that it is there whole or not at all, whatever happens meanwhile. */
export async function writeWhole(
  fs: SegmentFs,
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const part = `${path}.part`
  const file = await fs.open(part, 'w', FILE_MODE)
  try {
    let size = 0
    for await (const chunk of chunks) {
      await writeAt(file, size, chunk)
      size += chunk.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.rename(part, path)
}

/** Bytes of every file of a segment. */
export async function segmentBytes(fs: SegmentFs, dir: string, segment: SegmentFiles): Promise<number> {
  const sizes = await Promise.all(filesOf(segment).map(async name => (await fs.stat(join(dir, name))).size))
  return sizes.reduce((a, b) => a + b, 0)
}

export function filesOf({ first, isOpen, isClosed, hasIndex }: SegmentFiles): readonly string[] {
  return [
    ...(isOpen ? [segmentName(first, 'open')] : []),
    ...(isClosed ? [segmentName(first, 'closed')] : []),
    ...(hasIndex ? [segmentName(first, 'index')] : []),
  ]
}
