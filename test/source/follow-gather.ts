// A consumer that keeps what it is given, and whose state can be kept and put back with the follower's: what a checkpoint does.

import { fingerprint } from '../../agent/forensics/id.ts'
import type { Consumer, Gap, Generation } from '../../agent/source/follow-consumer.ts'
import { createLines, type Lines } from '../../agent/source/lines.ts'

export interface Gathered {
  readonly lines: string[]
  readonly gaps: Gap[]
}

export interface Gather extends Consumer {
  got: Gathered
  isPaused: boolean
  readonly ended: number[]
  /** `path reason` of each trouble, `path` when it is over. */
  readonly troubles: string[]
  /** For each line ever handed on, the places that it came from: what record ids are made of. */
  readonly places: Map<string, Set<string>>
  heads: Map<number, string>
  /** Forgets the half lines of a run that has crashed. */
  restart(): void
}

export function createGather(): Gather {
  let open = new Map<number, Lines>()
  let next = new Map<number, number>()

  function linesOf(generation: Generation, offset: number): Lines {
    const known = open.get(generation.id)
    if (known) return known
    const lines = createLines(
      (bytes, start, end, at) => {
        const line = Buffer.from(bytes.subarray(start, end)).toString('latin1')
        gather.got.lines.push(line)
        const places = gather.places.get(line) ?? new Set()
        gather.places.set(line, places.add(`${fingerprint(generation.head)} ${at}`))
      },
      undefined,
      offset,
    )
    open.set(generation.id, lines)
    return lines
  }

  const gather: Gather = {
    got: { lines: [], gaps: [] },
    isPaused: false,
    get isFull() {
      return gather.isPaused
    },
    ended: [],
    troubles: [],
    places: new Map(),
    heads: new Map(),
    write(generation, bytes, offset) {
      const expected = next.get(generation.id)
      if (expected !== undefined && expected !== offset) throw new Error(`hole: ${offset}, not ${expected}`)
      next.set(generation.id, offset + bytes.length)
      gather.heads.set(generation.id, Buffer.from(generation.head).toString('latin1'))
      linesOf(generation, offset).write(bytes)
    },
    end(generation) {
      open.get(generation.id)?.close()
      gather.ended.push(generation.id)
    },
    gap: gap => gather.got.gaps.push(gap),
    trouble: (path, reason) => gather.troubles.push(reason ? `${path} ${reason}` : path),
    restart() {
      open = new Map()
      next = new Map()
    },
  }
  return gather
}
