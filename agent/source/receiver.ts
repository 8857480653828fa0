// The seam of every live source: what it hands on, and what it can say about evidence that is missing. All calls are synchronous and
// come from the event loop's top, so that between two turns a source's position stands for exactly what was handed on.

/** Evidence that is known to be missing. */
export interface SourceGap {
  /** In words, without a full stop: "the kernel overwrote records before they were read". */
  readonly cause: string
  /** Exactly so many events, or undefined where nobody can know. */
  readonly lost?: number | undefined
  /** Microseconds since 1970; by default from the stream's last line to now. */
  readonly from?: number
  readonly to?: number
}

export interface StreamName {
  /** Identifies the stream in record ids: `fingerprint` of a file's head, or the boot id for kmsg (forensics/id.ts). */
  readonly stream: string
  /** As records name it; undefined for what is no file. */
  readonly file: string | undefined
}

/** One stream of lines: a file from its first byte on, or what one process said. */
export interface Inlet {
  /** One line without its newline, which stands at `bytes[end]` (NUL where none was seen); `offset` is what the line's record id is made of. */
  line(bytes: Uint8Array, start: number, end: number, offset: number): void
  gap(gap: SourceGap): void
  /** Nothing more will come of this stream. */
  end(): void
}

export interface Receiver {
  open(name: StreamName): Inlet
  /** Evidence that is missing from no stream in particular. */
  gap(gap: SourceGap): void
  /** Read no further now; look again soon. */
  readonly isFull: boolean
  /** It cannot be read now, as one sentence that says what would help; undefined: it is well again. */
  trouble(text: string | undefined): void
}

export interface LiveSource extends AsyncDisposable {
  /** The FORMAT's name. */
  readonly format: string
  /** As a person would call it: a path, `/dev/kmsg`, `conntrack -E`. */
  readonly name: string
  /** Where it stands, as plain JSON; undefined where nothing can be read again. */
  position(): unknown
}
