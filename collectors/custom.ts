// custom: a log of somebody else's, read by a mapping in the configuration. Everything is decided when the collector is made; a line
// is taken apart once, and its fields read where they stand.

import { find } from './bytes.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type LineFields, pairFields, rowFields } from './custom-fields.ts'
import { jsonFields } from './custom-json.ts'
import { createMappedLine, type MappedLine, type Part } from './custom-line.ts'
import type { Mapping, VerdictWord } from './custom-mapping.ts'
import {
  countersPart,
  directionPart,
  flagsPart,
  interfacesPart,
  replyPart,
  reportedPart,
  timePart,
  verdictPart,
} from './custom-said.ts'
import { icmpPart, protocolPart, translatedPart, tuplePart } from './custom-tuple.ts'
import { isAlways } from './custom-words.ts'
import { resetFlow } from './flow.ts'
import { isSame } from './name-table.ts'

export interface CustomCollector extends Collector {
  /** What was wrong with the last line, where it was malformed. */
  readonly problem: string
  /** Fields of the mapping that no line has had. */
  readonly neverFound: readonly string[]
}

/** @throws Error when the mapping has not been checked (agent/config.ts): a path or a format of time that is none. */
export function createCustom(mapping: Mapping, options: CollectorOptions): CustomCollector {
  const line = createMappedLine()
  const source = line.field(mapping.source.address)
  const destination = line.field(mapping.destination.address)
  const parts = partsOf(line, mapping, options)
  const isWanted = filterOf(line, mapping)
  const marker = mapping.marker === undefined ? undefined : encoder.encode(mapping.marker)
  const fields = lineFields(mapping, line.names)
  line.open(fields)
  const isFound = new Uint8Array(line.names.length)

  /** Where the newline behind the line was not seen, its last word may be the beginning of a longer one. */
  function isOpen(bytes: Uint8Array, until: number): boolean {
    if (bytes[until] === 10 || mapping.lines === 'json') return false
    line.problem = 'the line ends without a newline, so its last word may be cut'
    return fields.end.some((position, field) => position === until && line.has(field))
  }

  function readParts(bytes: Uint8Array, until: number, flow: Parameters<Part>[1]): Outcome {
    for (let i = 0; i < isFound.length; i++) if (fields.start[i]! >= 0) isFound[i] = 1
    if (isOpen(bytes, until)) return Outcome.malformed
    for (const part of parts) if (!part(bytes, flow)) return Outcome.malformed
    return Outcome.flow
  }

  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      if (marker !== undefined && find(bytes, start, end, marker) < 0) return Outcome.foreign
      const taken = fields.read(bytes, start, end)
      if (taken === 'header') return Outcome.note
      if (taken === 'other') return Outcome.foreign
      if (taken === 'broken') {
        line.problem = mapping.lines === 'csv' ? 'not as many cells as columns' : 'it is cut, or damaged'
        return Outcome.malformed
      }
      if (!isWanted(bytes) || (!line.has(source) && !line.has(destination))) return Outcome.foreign
      return readParts(bytes, end, flow)
    },
    get problem() {
      return line.problem
    },
    get neverFound() {
      return line.names.filter((_, field) => isFound[field] === 0)
    },
  }
}

const encoder = new TextEncoder()

function partsOf(line: MappedLine, mapping: Mapping, options: CollectorOptions): readonly Part[] {
  const { time, direction, reply, icmp, translated, interfaces, reported } = mapping
  const parts = [
    tuplePart(line, mapping),
    protocolPart(line, mapping),
    time && timePart(line, time, options),
    verdictPart(line, mapping),
    direction && directionPart(line, direction),
    reply && replyPart(line, reply),
    flagsPart(line, mapping),
    icmp && icmpPart(line, icmp),
    translated && translatedPart(line, translated),
    countersPart(line, mapping),
    interfaces && interfacesPart(line, interfaces),
    reported && reportedPart(line, reported, mapping),
  ]
  return parts.filter(part => part !== undefined)
}

/** True for lines whose fields have the values that `only` asks for. */
function filterOf(line: MappedLine, { only = {} }: Mapping): (bytes: Uint8Array) => boolean {
  const wanted = Object.entries(only).map(([name, words]) => ({
    field: line.field(name),
    words: [words].flat().map(word => encoder.encode(word)),
  }))
  return bytes =>
    wanted.every(
      ({ field, words }) =>
        line.has(field) && words.some(word => isSame(bytes, line.start(field), line.end(field), word)),
    )
}

function lineFields(mapping: Mapping, names: readonly string[]): LineFields {
  if (mapping.lines === 'json') return jsonFields(names)
  if (mapping.lines === 'pairs') return pairFields(names)
  const separator = (mapping.separator ?? ',').charCodeAt(0)
  return rowFields(names, [mapping.source.address, mapping.destination.address], separator, mapping.columns)
}

/** The format that the configuration's mapping makes. */
export function customFormat(mapping: Mapping): Format {
  const { verdict } = mapping
  const claims = isAlways<VerdictWord>(verdict)
    ? [verdict.always]
    : [...Object.values(verdict.words), verdict.otherwise ?? 'none']
  return {
    name: 'custom',
    claims: [...new Set(claims)],
    endsOpen: mapping.lines !== 'json',
    marker: `the fields ${mapping.source.address} and ${mapping.destination.address}`,
    create: options => createCustom(mapping, options),
  }
}
