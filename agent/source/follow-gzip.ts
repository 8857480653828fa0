// A compressed file as if it were plain: rotation compresses files that were not read to their end. Held whole in memory while it is
// read, as zlib has no synchronous stream.

import { gunzipSync, constants as zlib } from 'node:zlib'
import type { OpenFile } from './disk.ts'
import { bytesAt } from './follow-position.ts'

/** Uncompressed bytes above which a file is refused: what a node's agent can spare for a moment. */
const LARGEST = 256 << 20
/** Compressed bytes that surely hold the first few hundred uncompressed ones. */
const PEEK = 4096

export interface Zipped {
  /** The first bytes, uncompressed. */
  readonly head: Uint8Array
  /** Uncompressed bytes as the file's end says, which is right for one member below 4 GiB that is written to its end. */
  readonly size: number
  /** @throws Error when it is damaged or too large, or not written to its end yet. */
  whole(): OpenFile
}

export function openZipped(file: OpenFile): Zipped {
  const { size } = file.stat()
  return {
    head: unzippedHead(bytesAt(file, 0, Math.min(PEEK, size))),
    size: size < 18 ? 0 : bytesAt(file, size - 4, size).readUInt32LE(0),
    whole: () => unzipped(file),
  }
}

function unzippedHead(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH })
  } catch {
    // Nothing that could be known again; `whole` says what is wrong with it.
    return new Uint8Array()
  }
}

/** Only one content is kept: of several files that wait for their turn each is uncompressed again when it comes. */
let kept: { readonly file: OpenFile; readonly content: Buffer } | undefined

function contentOf(file: OpenFile): Buffer {
  if (kept?.file !== file) {
    kept = undefined
    const content = gunzipSync(bytesAt(file, 0, file.stat().size), { maxOutputLength: LARGEST })
    kept = { file, content }
  }
  return kept.content
}

function unzipped(file: OpenFile): OpenFile {
  const size = contentOf(file).length
  return {
    stat: () => ({ ...file.stat(), size, storedSize: file.stat().size }),
    read: (buffer, offset) =>
      contentOf(file).copy(buffer, 0, Math.min(offset, size), Math.min(offset + buffer.length, size)),
    close() {
      if (kept?.file === file) kept = undefined
      file.close()
    },
  }
}
