// From a policy object to a policy, or to everything that the API server would have said against it (S27). An object that
// is refused here never reaches an evaluation; what it might have meant is kept, so that answers can say which of them it left out.

import type { Direction, PolicyRef } from './answer.ts'
import {
  at,
  complain,
  element,
  type Fields,
  field,
  type Place,
  quote,
  readList,
  readObject,
} from './fields.ts'
import { isDnsLabel, isDnsSubdomain } from './names.ts'
import type { NetworkPolicy, Rule } from './network-policy.ts'
import type { PolicyObject } from './objects.ts'
import { parseRule } from './parse-rule.ts'
import { parseSelector } from './parse-selector.ts'
import { parseTierPolicy } from './parse-tier.ts'
import type { Policy, RejectedPolicy } from './rejected.ts'
import type { Selector } from './selector.ts'
import { tierSchema } from './tier-schema.ts'

const EVERYTHING: Selector = { requirements: [] }

/** Reads a policy; unknown fields are ignored, as an API server prunes them. Problems name their path, all at once. */
export function parsePolicy(object: PolicyObject): Policy | RejectedPolicy {
  const ref = refOf(object)
  const schema = tierSchema(object.kind, object.apiVersion)
  if (schema !== undefined) return parseTierPolicy(object.spec, ref, schema)
  const problems: string[] = []
  const place: Place = { path: '', problems }
  if (!isNetworkPolicy(object)) return notEvaluated(object, ref)
  const ns = ref.ns ?? 'default'
  checkNames(ns, ref.name, at(place, 'metadata'))
  const specPlace = at(place, 'spec')
  const spec = readObject(object.spec ?? {}, specPlace)
  if (spec === undefined) return { key: ref.key, kind: ref.kind, problems, ns, ...BOTH }
  const subjects = readSubjects(spec, specPlace)
  const ingress = parseRules(spec, 'ingress', specPlace)
  const egress = parseRules(spec, 'egress', specPlace)
  const isolates = parseTypes(spec, egress, specPlace)
  if (problems.length > 0)
    return {
      key: ref.key,
      kind: ref.kind,
      problems,
      ns,
      ...(subjects && { subjects }),
      ...(isolates ?? BOTH),
    }
  const hasSpec = field(object as unknown as Fields, 'spec') !== undefined
  return { ref, ns, subjects: subjects!, isolates: isolates!, egress, ingress, hasSpec }
}

const BOTH = { egress: true, ingress: true }

function isNetworkPolicy(object: PolicyObject): boolean {
  return object.kind === 'NetworkPolicy' && object.apiVersion.startsWith('networking.k8s.io/')
}

/** The names that answers give a policy. */
export function refOf(object: PolicyObject): PolicyRef {
  const { kind, metadata, apiVersion } = object
  const isClusterScoped = tierSchema(kind, apiVersion) !== undefined
  const ns = isClusterScoped
    ? undefined
    : (metadata.namespace ?? (isNetworkPolicy(object) ? 'default' : undefined))
  return {
    key: ns === undefined ? `${kind}/${metadata.name}` : `${ns}/${metadata.name}`,
    kind,
    ...(ns !== undefined && { ns }),
    name: metadata.name,
    ...(metadata.uid !== undefined && { uid: metadata.uid }),
    ...(metadata.generation !== undefined && { generation: metadata.generation }),
  }
}

/** A kind without evaluation here may decide any packet of the pods it can reach, so every such answer names it. */
function notEvaluated(object: PolicyObject, ref: PolicyRef): RejectedPolicy {
  const problem = `kind: ${object.kind} of ${quote(object.apiVersion)} is not evaluated`
  return {
    key: ref.key,
    kind: ref.kind,
    problems: [problem],
    ...(ref.ns !== undefined && { ns: ref.ns }),
    ...BOTH,
  }
}

function checkNames(ns: string, name: unknown, place: Place): void {
  if (typeof name !== 'string' || !isDnsSubdomain(name))
    complain(at(place, 'name'), `${quote(name)} is not a valid name`)
  if (typeof ns !== 'string' || !isDnsLabel(ns))
    complain(at(place, 'namespace'), `${quote(ns)} is not a valid namespace name`)
}

/** S2: missing or empty selects every pod of the namespace. */
function readSubjects(spec: Fields, place: Place): Selector | undefined {
  const value = field(spec, 'podSelector')
  return value === undefined ? EVERYTHING : parseSelector(value, at(place, 'podSelector'))
}

function parseRules(spec: Fields, direction: Direction, place: Place): Rule[] {
  const list = at(place, direction)
  return readList(field(spec, direction), list).map((item, i) => parseRule(item, direction, element(list, i)))
}

/** The effective `policyTypes`; undefined when they cannot be told. */
function parseTypes(
  spec: Fields,
  egress: readonly Rule[],
  place: Place,
): NetworkPolicy['isolates'] | undefined {
  const typesPlace = at(place, 'policyTypes')
  const value = field(spec, 'policyTypes')
  const types = readList(value, typesPlace)
  if (value !== undefined && !Array.isArray(value)) return undefined
  // S14: absent or empty is Ingress, plus Egress iff there are egress rules; `egress: []` does not isolate egress.
  if (types.length === 0) {
    const rules = field(spec, 'egress')
    return rules !== undefined && !Array.isArray(rules)
      ? undefined
      : { ingress: true, egress: egress.length > 0 }
  }
  if (types.length > 2) complain(typesPlace, 'may not specify more than two policyTypes')
  const unknown = types.flatMap((type, i) => (type === 'Ingress' || type === 'Egress' ? [] : [i]))
  for (const i of unknown)
    complain(element(typesPlace, i), `${quote(types[i])} is not supported: Ingress, Egress`)
  if (unknown.length > 0) return undefined
  return { ingress: types.includes('Ingress'), egress: types.includes('Egress') }
}
