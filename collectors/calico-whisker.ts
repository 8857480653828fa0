// calico-whisker: the flows of open-source Calico (v3.30 and later) as whisker-backend gives them, each object on a line of its own:
//
//   {"start_time":"2026-11-24T11:32:15Z","end_time":"2026-11-24T11:32:30Z","action":"Deny","source_name":"cart-6c9f7d4b8-*",
//    "source_namespace":"shop","source_labels":"app=cart | tier=web","dest_name":"pg-*","dest_namespace":"data","dest_labels":…,
//    "protocol":"tcp","dest_port":5432,"reporter":"Dst","policies":{"enforced":[{"kind":"EndOfTier","name":"","namespace":"",
//    "tier":"default","action":"Deny","policy_index":0,"rule_index":-1,"trigger":{"kind":"NetworkPolicy","name":"pg",…}}],
//    "pending":[]},"packets_in":30,…}
//
// There are no addresses, and no names of pods. What decides at the end of a tier is that a policy of it selected the endpoint and
// none of its rules matched: `trigger` is the first such policy. A stream (`watch=true`) has `data: ` in front of each object.

import { asciiBytes, find, startsWith } from './bytes.ts'
import {
  type Decision,
  decide,
  deciding,
  decisionOf,
  type Hit,
  takeCounters,
  takeReporter,
  takeWindow,
} from './calico-decision.ts'
import { type CalicoEnd, takeEnds, wordIn } from './calico-ends.ts'
import { type CalicoPolicy, readCalicoName } from './calico-policy.ts'
import { type Clock, createClock } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, resetFlow, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'
import { OPEN_BRACE, skipSpace } from './json.ts'
import { integerIn, isObject, type Json, parseObject, textIn } from './json-object.ts'

const SOURCE = asciiBytes('"source_namespace"')
const DESTINATION = asciiBytes('"dest_name"')
/** Enterprise's flow log has it. */
const OTHERS_KEY = 'source_name_aggr'
const OTHERS = asciiBytes(`"${OTHERS_KEY}"`)
const DATA = asciiBytes('data:')

function createCalicoWhisker(options: CollectorOptions): Collector {
  const clock = createClock(options.zone, options.year)
  return {
    read(bytes, start, end, flow) {
      const at = startsWith(bytes, start, end, DATA) ? skipSpace(bytes, start + DATA.length) : start
      if (bytes[at] !== OPEN_BRACE || !hasMarker(bytes, at, end)) return Outcome.foreign
      const object = parseObject(bytes, at, end)
      if (object === undefined ? find(bytes, at, end, OTHERS) > 0 : OTHERS_KEY in object)
        return Outcome.foreign
      resetFlow(flow)
      return object !== undefined && readFlow(object, flow, clock) ? Outcome.flow : Outcome.malformed
    },
  }
}

function hasMarker(bytes: Uint8Array, start: number, end: number): boolean {
  return find(bytes, start, end, SOURCE) > 0 && find(bytes, start, end, DESTINATION) > 0
}

/** Words that make no decision are known too: a flow of which the end is not told. */
const actions = new Map<string, Hit['action'] | 'none'>([
  ['Allow', 'allow'],
  ['Deny', 'deny'],
  ['Pass', 'pass'],
  ['ActionUnspecified', 'none'],
])

function readFlow(object: Json, flow: Flow, clock: Clock): boolean {
  const action = actions.get(textIn(object.action))
  if (action === undefined || !takeWindow(flow, object.start_time, object.end_time, clock)) return false
  if (!takeReporter(flow, textIn(object.reporter).toLowerCase())) return false
  const [source, destination] = [endIn(object, 'source'), endIn(object, 'dest')]
  if (!takeEnds(flow, source, destination, object.protocol, object.dest_port)) return false
  if (!takeCounters(flow, object)) return false
  if (action !== 'allow' && action !== 'deny') return true
  const hit = deciding(hitsIn(object.policies), action)
  decide(flow, action, decisions.of(JSON.stringify([action, hit?.object])))
  // Of a denied flow every packet was denied.
  if (flow.verdict === Verdict.denied && flow.packets > 0) flow.count = flow.packets
  return true
}

function endIn(object: Json, end: 'source' | 'dest'): CalicoEnd {
  const labels = wordIn(object[`${end}_labels`])
  return {
    type: '',
    ip: undefined,
    ns: wordIn(object[`${end}_namespace`]),
    name: wordIn(object[`${end}_name`]),
    labels: labels === '' ? [] : labels.split(' | '),
  }
}

interface WhiskerHit extends Hit {
  readonly object: Json
}

/** Those of `pending` are staged. */
function hitsIn(policies: unknown): WhiskerHit[] {
  const list: readonly unknown[] =
    isObject(policies) && Array.isArray(policies.enforced) ? policies.enforced : []
  return list.filter(isObject).flatMap((object): WhiskerHit[] => {
    const action = actions.get(textIn(object.action))
    if (action === undefined || action === 'none') return []
    return [{ policy: policyIn(object), action, index: integerIn(object.policy_index, 2 ** 32), object }]
  })
}

function policyIn(object: Json): CalicoPolicy {
  const [kind, ns, name, tier] = [object.kind, object.namespace, object.name, object.tier].map(textIn)
  const isStaged = kind!.startsWith('Staged')
  if (kind === 'Profile' || kind === 'EndOfTier') return { tier: tier!, kind, ns: '', name: '', isStaged }
  const read = readCalicoName(tier!, ns === '' ? name! : `${ns}/${name}`)
  // A policy of Kubernetes may have the name that it has inside Calico, `knp.default.pg`, which says its kind.
  const isOwn = read.kind === 'CalicoNetworkPolicy' || read.kind === 'GlobalNetworkPolicy'
  return isOwn && kind !== '' && kind !== 'KindUnspecified'
    ? { tier: tier!, kind: kind!, ns: ns!, name: read.name, isStaged: isStaged || read.isStaged }
    : { ...read, isStaged: isStaged || read.isStaged }
}

const decisions = createInterned((text): Decision => {
  const [action, hit] = JSON.parse(text) as ['allow' | 'deny', Json | null]
  if (hit === null) return decisionOf(action, undefined, undefined)
  const policy = isObject(hit.trigger) ? policyIn(hit.trigger) : policyIn(hit)
  return decisionOf(action, policy, wordsOf(hit))
})

/** `default|EndOfTier|Deny|-1`, in the order of Enterprise's flow log. */
function wordsOf(hit: Json): string {
  const name = [hit.kind, hit.namespace, hit.name].map(textIn).filter(text => text !== '')
  const rule = typeof hit.rule_index === 'number' ? String(hit.rule_index) : '-'
  return [textIn(hit.tier), name.join('/'), textIn(hit.action), rule].join('|')
}

export const calicoWhisker: Format = {
  name: 'calico-whisker',
  claims: ['allowed', 'denied', 'none'],
  lacks: ['IPv6'],
  marker:
    '`"source_namespace"` with `"dest_name"` and without `"source_name_aggr"` in a line that starts with `{`',
  create: createCalicoWhisker,
}
