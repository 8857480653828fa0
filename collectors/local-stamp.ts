// Which stamps had no zone of their own. A collector asks its options' zone what such a reading means, and nothing else: so the
// zone that it is given marks what goes through it, with half a microsecond, which no stamp has. The mark survives being kept,
// compared and copied, and no collector needs to know of it.

import type { Zone } from './collector.ts'
import type { Flow } from './flow.ts'

/** Downwards, so that the time since a marked moment is cut to whole seconds as that since the moment itself is. */
const MARK = -0.5

export function marking(zone: Zone): Zone {
  const marked = (wall: number): number => {
    const time = zone(wall) + MARK
    marked.fold = zone.fold ?? 0
    return time
  }
  marked.fold = 0
  return marked
}

/** False for NaN. */
export function isMarked(time: number): boolean {
  return time - Math.ceil(time) === MARK
}

/** The same time without its mark, if it has one. */
export function unmarked(time: number): number {
  return isMarked(time) ? time - MARK : time
}

const MINUTE = 60_000_000
/** Offsets of zones are multiples of it, and so are years. */
const QUARTER = 15 * MINUTE

/**
 * Times a line that stands in a wrapper by the wrapper's stamp. The line's own time stays where it has one that needs no zone. One
 * without a zone gives way; but where it is as fine and, whatever its zone and year, within a minute of the wrapper's, it is the
 * packet's and the wrapper's that of the writing, so its minutes and seconds are kept.
 */
export function timeByWrapper(flow: Flow, time: number, precision: number): void {
  const own = flow.time
  if (Number.isNaN(own)) {
    flow.time = time
    flow.precision = precision
    return
  }
  if (!isMarked(own) || isMarked(time) || Number.isNaN(time)) return
  const away = own - MARK - time
  const apart = away - Math.round(away / QUARTER) * QUARTER
  const isPackets = flow.precision <= precision && Math.abs(apart) <= MINUTE
  flow.time = isPackets ? time + apart : time
  if (!isPackets) flow.precision = precision
}
