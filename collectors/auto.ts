// `auto`: the format of each line, told from its content. A line is taken by the format that made a flow of the last one, and only
// where that one cannot read it the others are asked, in the registry's order: a change of format costs, a line of the same does not.
// Several formats may share a file.

import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { createFlow } from './flow.ts'
import { createHeaderless } from './syslog-header.ts'
import { createUnwrapper, type Unwrapper } from './wrapper.ts'

/** What was found of one format. */
export interface Found {
  readonly format: string
  /** All its lines, notes and losses among them. */
  lines: number
  flows: number
  malformed: number
  /** Flows that the other formats were asked about too, and how many of them another one would also have made a flow of. */
  compared: number
  contested: number
  /** The other one. */
  rival: string | undefined
}

export interface Auto extends Unwrapper {
  /** In the order of the formats; those of which there was no line have zeros. */
  readonly found: readonly Found[]
  /** The index of the last line's format; -1 where it was foreign, or a piece of a line. */
  readonly at: number
  /** Lines that no format knows. */
  readonly foreign: number
}

/** Of the first flows of a format, and of one in so many later on, the other formats are asked too: do they claim it as well? */
const COMPARED_FIRST = 32
const COMPARED_EVERY = 512

export function createAuto(formats: readonly Format[], options: CollectorOptions): Auto {
  const found = formats.map(({ name }): Found => {
    return {
      format: name,
      lines: 0,
      flows: 0,
      malformed: 0,
      compared: 0,
      contested: 0,
      rival: undefined,
    }
  })
  const scratch = createFlow()
  let collectors: readonly Collector[] = []
  let current = 0
  let at = -1
  let foreign = 0

  function settle(index: number, outcome: Outcome): Outcome {
    const entry = found[index]!
    entry.lines++
    if (outcome === Outcome.malformed) entry.malformed++
    else if (outcome === Outcome.flow) {
      entry.flows++
      current = index
    }
    at = index
    return outcome
  }

  function compare(index: number, bytes: Uint8Array, start: number, end: number): void {
    const entry = found[index]!
    if (entry.flows > COMPARED_FIRST && entry.flows % COMPARED_EVERY !== 0) return
    entry.compared++
    const rival = collectors.findIndex(
      (collector, i) => i !== index && collector.read(bytes, start, end, scratch) === Outcome.flow,
    )
    if (rival < 0) return
    entry.contested++
    entry.rival = found[rival]!.format
  }

  const inner: Collector = {
    read(bytes, start, end, flow) {
      const first = collectors[current]!.read(bytes, start, end, flow)
      let best: Outcome = first
      let taker = current
      if (!isSure(first)) {
        for (let i = 0; i < collectors.length; i++) {
          if (i === current) continue
          const outcome = collectors[i]!.read(bytes, start, end, flow)
          if (rank[outcome]! <= rank[best]!) continue
          best = outcome
          taker = i
          if (isSure(outcome)) break
        }
      }
      if (best === Outcome.foreign) return best
      settle(taker, best)
      if (best === Outcome.flow) compare(taker, bytes, start, end)
      return best
    },
  }

  const unwrapper = createUnwrapper(
    {
      ownHeader: true,
      create(marked) {
        collectors = formats.map(format => createHeaderless(format, marked))
        return inner
      },
    },
    options,
  )
  return {
    found,
    read(bytes, start, end, flow) {
      at = -1
      const outcome = unwrapper.read(bytes, start, end, flow)
      if (outcome === Outcome.foreign) foreign++
      return outcome
    },
    get at() {
      return at
    },
    get foreign() {
      return foreign
    },
    get lost() {
      return unwrapper.lost
    },
    get zoned() {
      return unwrapper.zoned
    },
  }
}

/** Nothing another format says can be better than that. */
function isSure(outcome: Outcome): boolean {
  return outcome === Outcome.flow || outcome === Outcome.loss
}

/** By outcome: of two formats that do not know a line as foreign, the one that could read it has it. */
const rank: readonly number[] = Object.assign([], {
  [Outcome.foreign]: 0,
  [Outcome.malformed]: 1,
  [Outcome.note]: 2,
  [Outcome.loss]: 3,
  [Outcome.flow]: 4,
})
