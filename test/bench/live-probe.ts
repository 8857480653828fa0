// How long a denial takes from its line in a log until it stands in somebody's file: each has a port of its own, by which it is found
// there again. The file is looked at every 2 ms.

import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { denialLine } from './live-lines.ts'

export interface Probe {
  /** Milliseconds of each that has arrived. */
  readonly delaysMs: readonly number[]
  readonly written: number
  /** No more are written. */
  silence(): void
  stop(): void
}

export interface ProbeOptions {
  readonly log: string
  readonly perSecond: number
  /** Where they should arrive; undefined while there is no such file yet. */
  readonly arrivals: () => string | undefined
  /** What stands there of one; the first group is the port. */
  readonly pattern: RegExp
}

const LOOK_MS = 2
const FIRST_PORT = 2000
const target = '10.0.0.2'

export function startProbe({ log, perSecond, arrivals, pattern }: ProbeOptions): Probe {
  const writtenAt = new Map<number, number>()
  const delaysMs: number[] = []
  const into = openSync(log, 'a')
  let serial = 0

  function write(): void {
    const port = FIRST_PORT + serial
    writtenAt.set(port, performance.now())
    writeSync(into, denialLine(serial, Date.now(), port, [`10.0.1.${(serial % 40) + 1}`, target]))
    serial++
  }

  const reader = createReader(arrivals, text => {
    const now = performance.now()
    for (const [, port] of text.matchAll(pattern)) {
      const at = writtenAt.get(Number(port))
      if (at === undefined) continue
      delaysMs.push(now - at)
      writtenAt.delete(Number(port))
    }
  })
  const writing = perSecond > 0 ? setInterval(write, 1000 / perSecond) : undefined
  const looking = setInterval(reader.look, LOOK_MS)
  return {
    delaysMs,
    get written() {
      return serial
    },
    silence: () => clearInterval(writing),
    stop() {
      clearInterval(writing)
      clearInterval(looking)
      reader.close()
      closeSync(into)
    },
  }
}

/** Hands on whole lines of what is added to a file. */
function createReader(path: () => string | undefined, onText: (text: string) => void) {
  const buffer = Buffer.alloc(256 * 1024)
  let open: { readonly path: string; readonly fd: number } | undefined
  let rest = ''
  function find(): number | undefined {
    const now = path()
    if (now !== undefined && now !== open?.path) {
      if (open !== undefined) closeSync(open.fd)
      open = { path: now, fd: openSync(now, 'r') }
      rest = ''
    }
    return open?.fd
  }
  return {
    look(): void {
      const fd = find()
      const read = fd === undefined ? 0 : readSync(fd, buffer, 0, buffer.length, null)
      if (read === 0) return
      const text = rest + buffer.toString('latin1', 0, read)
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      onText(text.slice(0, end))
    },
    close(): void {
      if (open !== undefined) closeSync(open.fd)
    },
  }
}
