// calico-flows: the flow log of Calico Enterprise and Cloud, one JSON object per window, reporter and pair of ends:
//
//   {"start_time":1659621542,"end_time":1659621842,"source_ip":null,"source_name":"-","source_name_aggr":"cart-6c9f7d4b8-*",
//    "source_namespace":"shop","source_type":"wep","source_labels":{"labels":["app=cart"]},"dest_ip":null,…,"dest_port":5432,
//    "proto":"tcp","action":"deny","reporter":"dst","policies":{"all_policies":["0|default|data/knp.default.pg|deny|-1"]},
//    "num_flows":1,"packets_in":5,…}
//
// How much is aggregated is a setting: addresses and pod names may be there, or not. Pending policies are staged ones: what they
// would have done. Transit policies are those of hosts in between.

import { asciiBytes, find } from './bytes.ts'
import {
  counterIn,
  type Decision,
  decide,
  deciding,
  decisionOf,
  takeCounters,
  takeReporter,
  takeWindow,
} from './calico-decision.ts'
import { type CalicoEnd, takeEnds, wordIn } from './calico-ends.ts'
import { type CalicoHit, readCalicoHit } from './calico-policy.ts'
import { type Clock, createClock } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, resetFlow } from './flow.ts'
import { createInterned } from './interned.ts'
import { OPEN_BRACE } from './json.ts'
import { isObject, type Json, parseObject, textIn } from './json-object.ts'

const MARKER = asciiBytes('"source_name_aggr"')

function createCalicoFlows(options: CollectorOptions): Collector {
  const clock = createClock(options.zone, options.year)
  return {
    read(bytes, start, end, flow) {
      if (bytes[start] !== OPEN_BRACE || find(bytes, start, end, MARKER) < 0) return Outcome.foreign
      resetFlow(flow)
      const object = parseObject(bytes, start, end)
      return object !== undefined && readFlow(object, flow, clock) ? Outcome.flow : Outcome.malformed
    },
  }
}

function readFlow(object: Json, flow: Flow, clock: Clock): boolean {
  const { action } = object
  if (action !== 'allow' && action !== 'deny') return false
  // Some versions write `startTime`.
  const [start, end] = [object.start_time ?? object.startTime, object.end_time ?? object.endTime]
  if (!takeWindow(flow, start, end, clock) || !takeReporter(flow, textIn(object.reporter))) return false
  const [source, destination] = [endIn(object, 'source'), endIn(object, 'dest')]
  if (!takeEnds(flow, source, destination, object.proto, object.dest_port)) return false
  decide(flow, action, decisions.of(`${action}\n${hitTexts(object.policies).join('\n')}`))
  return takeCounters(flow, object) && takeCount(flow, object)
}

function endIn(object: Json, end: 'source' | 'dest'): CalicoEnd {
  const labels = object[`${end}_labels`]
  return {
    type: textIn(object[`${end}_type`]),
    ip: object[`${end}_ip`],
    ns: wordIn(object[`${end}_namespace`]),
    name: nameIn(object, end),
    labels: isObject(labels) ? textsIn(labels.labels) : [],
  }
}

function textsIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter(text => typeof text === 'string') : []
}

/** Of a host endpoint the node's name is that which it is aggregated under. */
function nameIn(object: Json, end: 'source' | 'dest'): string {
  const [name, group] = [wordIn(object[`${end}_name`]), wordIn(object[`${end}_name_aggr`])]
  return object[`${end}_type`] === 'hep' ? group || name : name || group
}

/** The policies that were in force: older versions have one list, with the staged ones in it. */
function hitTexts(policies: unknown): string[] {
  if (!isObject(policies)) return []
  const { enforced_policies: enforced, all_policies: all } = policies
  return textsIn(Array.isArray(enforced) && enforced.length > 0 ? enforced : all)
}

const decisions = createInterned((text): Decision => {
  const [action, ...texts] = text.split('\n')
  const hits = texts.flatMap((as): (CalicoHit & { readonly as: string })[] => {
    const hit = readCalicoHit(as)
    return hit === undefined ? [] : [{ ...hit, as }]
  })
  const hit = deciding(hits, action as 'allow' | 'deny')
  return decisionOf(action as 'allow' | 'deny', hit?.policy, hit?.as)
})

/** How many connections there were; older versions do not say. */
function takeCount(flow: Flow, object: Json): boolean {
  const flows = counterIn(object.num_flows)
  if (flows > 0) flow.count = flows
  return flows >= 0
}

export const calicoFlows: Format = {
  name: 'calico-flows',
  claims: ['allowed', 'denied'],
  marker: '`"source_name_aggr"` in a line that starts with `{`',
  create: createCalicoFlows,
}
