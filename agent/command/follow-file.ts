// One file that only grows, followed with the `tail` package. It knows no positions to begin at: what was read before is counted off.

import { Tail } from 'tail'

export interface FollowedFile {
  /** Bytes up to the end of the last line that was handed on. */
  readonly position: number
  /** False where it has failed, or has not come as far as `size` since it was last asked: then another has to be begun. */
  isWell(size: number): boolean
  stop(): void
}

/** How often the file is looked at; inotify is silent on some file systems, and no cheaper at this rate. */
const LOOK_MS = 200
/** Asked this often without coming any further, it is stuck. */
const PATIENCE = 12

/** Hands on whole lines from the byte `from` on, without their newline. */
export function followFile(path: string, from: number, onLine: (bytes: Buffer) => void): FollowedFile {
  let delivered = 0
  let waited = 0
  let last = 0
  let hasFailed = false
  let tail: Tail | undefined
  try {
    // As latin1 a letter is a byte: none is lost where a read ends within a character, and positions can be counted.
    tail = new Tail(path, {
      fromBeginning: true,
      encoding: 'latin1',
      separator: '\n',
      useWatchFile: true,
      fsWatchOptions: { interval: LOOK_MS },
    })
    tail.on('line', (line: string) => {
      delivered += line.length + 1
      if (line !== '' && delivered > from) onLine(Buffer.from(line, 'latin1'))
    })
    tail.on('error', () => {
      hasFailed = true
    })
  } catch {
    // It went between being listed and being opened: whoever asks sees that it is not well.
    hasFailed = true
  }
  return {
    get position() {
      return Math.max(from, delivered)
    },
    isWell(size) {
      waited = delivered >= size || delivered > last ? 0 : waited + 1
      last = delivered
      return !hasFailed && waited < PATIENCE
    },
    stop: () => tail?.unwatch(),
  }
}
