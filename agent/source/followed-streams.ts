// From the files of a follower to the streams of a receiver: each file is one stream of lines, known by how it begins.

import type { Consumer, Generation } from './follow-consumer.ts'
import { createLines, type LineLimits, type Lines } from './lines.ts'
import type { Inlet, Receiver } from './receiver.ts'

/** Since the start. */
export interface LineCounts {
  /** Lines that were handed on cut, as they were too long, and the bytes that were skipped with them. */
  readonly cut: number
  readonly skippedBytes: number
  /** NUL bytes that were skipped: holes that a truncation left. */
  readonly nulBytes: number
}

export interface StreamOptions {
  readonly receiver: Receiver
  readonly identify: (head: Uint8Array) => string
  readonly limits: LineLimits | undefined
}

interface Stream {
  readonly inlet: Inlet
  readonly lines: Lines
  /** A line that was cut waits for its newline: until then the file's position is before it, and a restart begins it again. */
  cut: { readonly bytes: Uint8Array; readonly offset: number } | undefined
}

const NEWLINE = 10

export class FollowedStreams implements Pick<Consumer, 'isFull' | 'write' | 'end'> {
  readonly #options: StreamOptions
  readonly #open = new Map<number, Stream>()
  #ended: LineCounts = { cut: 0, skippedBytes: 0, nulBytes: 0 }
  /** True while bytes come that no newline ends. */
  #isInLine = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#options.receiver.isFull
  }

  write(generation: Generation, bytes: Uint8Array, offset: number): void {
    const stream = this.#open.get(generation.id) ?? this.#begin(generation, offset)
    this.#isInLine = bytes.at(-1) !== NEWLINE
    if (!this.#isInLine) finishCut(stream)
    stream.lines.write(bytes)
  }

  end({ id }: Generation): void {
    const stream = this.#open.get(id)
    if (!stream) return
    this.#open.delete(id)
    finishCut(stream)
    this.#isInLine = false
    stream.lines.close()
    stream.inlet.end()
    this.#ended = sum(this.#ended, stream.lines)
  }

  counts(): LineCounts {
    return [...this.#open.values()].reduce((total, { lines }) => sum(total, lines), this.#ended)
  }

  #begin({ id, head, path }: Generation, offset: number): Stream {
    const { receiver, identify, limits } = this.#options
    const inlet = receiver.open({ stream: identify(head), file: path })
    const onLine: Inlet['line'] = (bytes, start, end, at) => {
      if (this.#isInLine) stream.cut = { bytes: bytes.slice(start, end + 1), offset: at }
      else inlet.line(bytes, start, end, at)
    }
    const stream: Stream = { inlet, lines: createLines(onLine, limits, offset), cut: undefined }
    this.#open.set(id, stream)
    return stream
  }
}

function finishCut(stream: Stream): void {
  const { inlet, cut } = stream
  if (cut) inlet.line(cut.bytes, 0, cut.bytes.length - 1, cut.offset)
  stream.cut = undefined
}

const sum = (a: LineCounts, b: LineCounts): LineCounts => ({
  cut: a.cut + b.cut,
  skippedBytes: a.skippedBytes + b.skippedBytes,
  nulBytes: a.nulBytes + b.nulBytes,
})
