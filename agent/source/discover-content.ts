// What the first lines of a file say about its format: a name may fit and the content not.

import { createAuto } from '../../collectors/auto.ts'
import { type Collector, type CollectorOptions, Outcome } from '../../collectors/collector.ts'
import { createFlow } from '../../collectors/flow.ts'
import { formatByName, formats } from '../../collectors/index.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import type { Disk } from './disk.ts'
import { createLines } from './lines.ts'

const HEAD_BYTES = 64 * 1024

/** Times are not looked at. */
const options: CollectorOptions = { zone: wall => wall, year: 1970, prefixes: [], bootTime: Number.NaN }

/**
 * The format that the file is of where it is surely not `format`: that one knows none of its first lines, and another makes flows of
 * them. @throws what the system says where it cannot be read.
 */
export function otherFormat(disk: Disk, path: string, format: string): string | undefined {
  const head = headOf(disk, path)
  const named = createUnwrapper(formatByName(format)!, options)
  if (outcomesOf(named, head).some(outcome => outcome !== Outcome.foreign)) return undefined
  const auto = createAuto(formats, options)
  outcomesOf(auto, head)
  return auto.found.find(({ flows }) => flows > 0)?.format
}

/** Whether a line of the file's beginning is of that format; not where it cannot be read. */
export function holdsFormat(disk: Disk, path: string, format: string): boolean {
  try {
    const collector = createUnwrapper(formatByName(format)!, options)
    return outcomesOf(collector, headOf(disk, path)).some(outcome => outcome !== Outcome.foreign)
  } catch {
    return false // whoever has better reason to read it says what keeps him from it
  }
}

function headOf(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path)
  if (file === undefined) return new Uint8Array()
  try {
    const buffer = new Uint8Array(HEAD_BYTES)
    return buffer.subarray(0, file.read(buffer, 0))
  } finally {
    file.close()
  }
}

/** Of whole lines: the head ends somewhere. */
function outcomesOf(collector: Collector, head: Uint8Array): Outcome[] {
  const outcomes: Outcome[] = []
  const flow = createFlow()
  const lines = createLines((bytes, start, end) => outcomes.push(collector.read(bytes, start, end, flow)))
  lines.write(head)
  return outcomes
}
