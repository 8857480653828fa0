// What is decided for all names of one follower.

import type { Disk, FileStat } from './disk.ts'
import type { Consumer } from './follow-consumer.ts'
import type { Held } from './follow-held.ts'

/** Where to begin with a file that no snapshot knows and that was there at the start. */
export type Begin = 'rotated' | 'file' | 'end'

/** `more`: there is more than one poll may read; `read`: all there was, or all the consumer wanted; `idle`: nothing. */
export type Polled = 'more' | 'read' | 'idle'

export interface NameOptions {
  readonly disk: Disk
  readonly consumer: Consumer
  readonly begin: Begin
  /** How long a rotated file stays open after it last grew, in milliseconds. */
  readonly graceMs: number
  /** Reads of at most 256 KiB per poll, so that a busy log does not starve the others. */
  readonly readsPerPoll: number
  /** Rotated files that are held open at most, however young. */
  readonly maxHeld: number
  nextId(): number
  /** Takes over a file that another name than `path` held, or says that it is another name's still. */
  adopt(stat: FileStat, path: string): Held | 'taken' | undefined
}
