// hubble: Cilium's flow export, one JSON object per line ({"flow":{…},"node_name":…,"time":…}), from the exporter's file,
// `hubble observe -o json` or Microsoft Retina. Grammar: cilium api/v1/flow/flow.proto and observer.proto, as protojson.
//
// One walk over the bytes, in any order of members; where they come in protojson's own order, the endpoints (two thirds of a line)
// are jumped over. What the walk does not understand goes to JSON.parse (hubble-parsed.ts): `fallbacks` counts those lines.

import { asciiBytes, find, scanDecimal, wordOf } from './bytes.ts'
import { createClock } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, resetFlow } from './flow.ts'
import { readFlow } from './hubble-flow.ts'
import { readParsed } from './hubble-parsed.ts'
import { createPolicyLists } from './hubble-policies.ts'
import { type Reader, slowValue, valueAfter } from './hubble-reader.ts'
import { conclude, resetFacts } from './hubble-verdict.ts'
import { skipSpace, skipValue } from './json.ts'

// Constants and the smallest helpers are each file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COMMA = 44
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

export interface HubbleCollector extends Collector {
  /** Lines that had to be read with JSON.parse. */
  readonly fallbacks: number
}

function createHubble(options: CollectorOptions): HubbleCollector {
  const lists = createPolicyLists()
  const reader: Reader = {
    clock: createClock(options.zone, options.year),
    lists,
    facts: {
      verdict: 0,
      reason: 0,
      dropReason: 0,
      type: 0,
      subType: 0,
      isL3L4: true,
      list: undefined,
      hasAddresses: false,
    },
    ints: new Int32Array(1),
    decimals: new Float64Array(1),
    emitter: 0,
    nodeName: 0,
    tail: 0,
  }
  let fallbacks = 0
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1]! <= 32) end--
      if (bytes[start] !== OPEN_BRACE) return Outcome.foreign
      resetFlow(flow)
      resetFacts(reader.facts)
      const outcome = readLine(bytes, start + 1, end, flow, reader)
      if (outcome !== UNREAD)
        return outcome === Outcome.flow ? conclude(reader.facts, flow, reader.lists) : outcome
      if (!hasMarker(bytes, start, end)) return Outcome.foreign
      fallbacks++
      resetFlow(flow)
      return readParsed(bytes, start, end, flow, reader)
    },
    get fallbacks() {
      return fallbacks
    },
  }
}

/** The walk gave up. */
const UNREAD = -1
const FLOW = wordOf('flow')
const LOST = wordOf('lost')
const AGEN = wordOf('agen')
const DEBU = wordOf('debu')
const NODE = wordOf('node')

/** The wrapper, `ExportEvent`: one of flow, lost_events, agent_event, debug_event, node_status; node_name and time. */
function readLine(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): Outcome | typeof UNREAD {
  if (word(bytes, at + 1) !== FLOW || bytes[at + 7] !== OPEN_BRACE)
    return readMembers(bytes, at, end, flow, reader, Outcome.foreign)
  // {"flow":{…}, then what is the same in every line.
  at = readFlow(bytes, at + 8, end, flow, reader)
  if (at < 0) return UNREAD
  if (isUsualTail(bytes, at, end, reader)) return Outcome.flow
  if (bytes[at] === CLOSE_BRACE) return at + 1 === end ? Outcome.flow : UNREAD
  if (bytes[at] !== COMMA) return UNREAD
  const outcome = readMembers(bytes, at + 1, end, flow, reader, Outcome.flow)
  if (outcome === Outcome.flow) reader.tail = end - at
  return outcome
}

function readMembers(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
  outcome: Outcome,
): Outcome | typeof UNREAD {
  for (at = skipSpace(bytes, at); bytes[at] === QUOTE; at = skipSpace(bytes, at + 1)) {
    const key = at + 1
    const value = valueAfter(bytes, at, end)
    if (value < 0) return UNREAD
    if (bytes[value] !== OPEN_BRACE) at = skipValue(bytes, value, end)
    else {
      const found = kindOf(bytes, key)
      if (found !== Outcome.foreign) outcome = found
      if (found === Outcome.flow) at = readFlow(bytes, value + 1, end, flow, reader)
      else
        at =
          found === Outcome.loss
            ? readLost(bytes, value + 1, end, flow, reader)
            : skipValue(bytes, value, end)
    }
    if (at < 0) return UNREAD
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACE) return at + 1 === end ? outcome : UNREAD
    if (bytes[at] !== COMMA) return UNREAD
  }
  return UNREAD
}

/**
 * `,"node_name":"default/worker-3","time":"2026-…Z"}` to the end of the line: of the length it had in the last line that was walked
 * to its end, and closed. A line that was cut has another one.
 */
function isUsualTail(bytes: Uint8Array, at: number, end: number, reader: Reader): boolean {
  return (
    end - at === reader.tail &&
    bytes[at] === COMMA &&
    word(bytes, at + 2) === NODE &&
    bytes[end - 2] === QUOTE &&
    bytes[end - 1] === CLOSE_BRACE
  )
}

function kindOf(bytes: Uint8Array, key: number): Outcome {
  const name = word(bytes, key)
  if (name === FLOW && bytes[key + 4] === QUOTE) return Outcome.flow
  if (name === LOST && bytes[key + 11] === QUOTE) return Outcome.loss
  if (name === AGEN || name === DEBU || (name === NODE && bytes[key + 11] === QUOTE)) return Outcome.note
  return Outcome.foreign
}

const FLOW_KEY = asciiBytes('"flow"')
const LOST_KEY = asciiBytes('"lost_events"')

function hasMarker(bytes: Uint8Array, start: number, end: number): boolean {
  return find(bytes, start, end, FLOW_KEY) > 0 || find(bytes, start, end, LOST_KEY) > 0
}

const NUM = asciiBytes('num_events_lost"')

function readLost(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  const after = skipValue(bytes, at - 1, end)
  flow.count = -1
  const key = after < 0 ? -1 : find(bytes, at, after, NUM)
  if (key < 0) return after
  const value = slowValue(bytes, key + NUM.length)
  // uint64 is a string in protojson.
  if (value > 0 && scanDecimal(bytes, bytes[value] === QUOTE ? value + 1 : value, reader.decimals, 0) > 0)
    flow.count = reader.decimals[0]!
  return after
}

export const hubble: Format = {
  name: 'hubble',
  claims: ['allowed', 'denied', 'audited', 'none'],
  marker: 'a line that starts with `{` and has a member `flow` or `lost_events`',
  create: createHubble,
}
