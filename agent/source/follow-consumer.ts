// What a follower says to the one who reads: bytes of a generation, and what was lost of it or cannot be read.

/** One file from its first byte on, through renames and, where its rest is only left in a copy, through copies. */
export interface Generation {
  /** Counts up within one run. */
  readonly id: number
  /** The name that is followed, not the one that the file has now. */
  readonly path: string
  readonly dev: number
  readonly ino: number
  /** The first bytes, at least the first line or 256 of it before anything is handed on: what identifies the stream. */
  readonly head: Uint8Array
}

export interface Consumer {
  /** True: no more now, ask again at the next poll. Asked before each write. */
  readonly isFull: boolean
  /**
   * Whole lines of a generation, valid during the call, that begin at `offset` (uncompressed); without a newline only parts of one
   * that is longer than the read buffer.
   */
  write(generation: Generation, bytes: Uint8Array, offset: number): void
  /** Nothing more will come of this generation; a last line without a newline has been written before. */
  end(generation: Generation): void
  gap(gap: Gap): void
  /** There, but it cannot be read, for this reason; undefined: it can be read again, or is gone. Said once. */
  trouble(path: string, reason: string | undefined): void
}

/** What was lost, or what cannot be known. */
export interface Gap {
  /**
   * `truncated`: emptied or cut, and no copy holds the rest. `copied`: emptied after a copy was made, or compressed and removed
   * during a restart; the copy is read to its end, and only what was written after copying, if anything, is in no file.
   * `rotated away`: the file that was read last is gone, so others may have come and gone unseen after it. `damaged`: a compressed
   * file that nobody can uncompress.
   */
  readonly kind: 'truncated' | 'copied' | 'rotated away' | 'damaged'
  readonly path: string
  readonly dev: number
  readonly ino: number
  /** Where reading stood. */
  readonly offset: number
  /** Bytes that were seen in the file and are lost: at least so many. Undefined where none were seen and some may have been. */
  readonly bytes?: number
  /** Bytes at the beginning of the cut file that are read again, because they may be old or new. */
  readonly repeated?: number
  readonly reason?: string
}
