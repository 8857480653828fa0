// From an AdminNetworkPolicy, BaselineAdminNetworkPolicy or ClusterNetworkPolicy to a TierPolicy, or to everything that its CRD's
// validation would have said against it.

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
import { isDnsSubdomain } from './names.ts'
import { parseSelector } from './parse-selector.ts'
import { EVERYTHING, parseNamespacedPod, type Selectors } from './parse-tier-peer.ts'
import { parseTierRule } from './parse-tier-rule.ts'
import type { RejectedPolicy } from './rejected.ts'
import type { TierName, TierPolicy, TierRule } from './tier-policy.ts'
import type { TierSchema } from './tier-schema.ts'

/** Reads the spec of a policy by its kind's schema; problems name their path, all at once. */
export function parseTierPolicy(
  value: unknown,
  ref: PolicyRef,
  schema: TierSchema,
): TierPolicy | RejectedPolicy {
  const problems: string[] = []
  const top: Place = { path: '', problems }
  checkName(ref, at(at(top, 'metadata'), 'name'))
  const place = at(top, 'spec')
  const spec = readObject(value ?? {}, place)
  if (spec === undefined) return { key: ref.key, kind: ref.kind, problems, egress: true, ingress: true }
  const tier = parseTierName(spec, ref.kind, place)
  const priority = parsePriority(spec, ref.kind, place)
  const subjects = parseSubject(spec, schema, place)
  const ingress = parseRules(spec, 'ingress', schema, place)
  const egress = parseRules(spec, 'egress', schema, place)
  const { namespaces, pods } = subjects ?? {}
  if (problems.length === 0)
    return { ref, tier: tier!, priority, subjects: { namespaces: namespaces!, pods: pods! }, egress, ingress }
  return {
    key: ref.key,
    kind: ref.kind,
    problems,
    ...(namespaces && { namespaces }),
    ...(pods && { subjects: pods }),
    egress: hasRules(spec, 'egress'),
    ingress: hasRules(spec, 'ingress'),
  }
}

/** A policy that is valid and left out all the same. */
export function leftOutTier({ ref, subjects, egress, ingress }: TierPolicy, problem: string): RejectedPolicy {
  return {
    key: ref.key,
    kind: ref.kind,
    problems: [problem],
    namespaces: subjects.namespaces,
    subjects: subjects.pods,
    egress: egress.length > 0,
    ingress: ingress.length > 0,
  }
}

/** A12: there is one BaselineAdminNetworkPolicy. */
function checkName({ kind, name }: PolicyRef, place: Place): void {
  if (typeof name !== 'string' || !isDnsSubdomain(name)) complain(place, `${quote(name)} is not a valid name`)
  else if (kind === 'BaselineAdminNetworkPolicy' && name !== 'default')
    complain(place, `must be "default", not ${quote(name)}: a cluster has only one`)
}

function parseTierName(spec: Fields, kind: string, place: Place): TierName | undefined {
  if (kind !== 'ClusterNetworkPolicy') return kind === 'AdminNetworkPolicy' ? 'Admin' : 'Baseline'
  const tier = field(spec, 'tier')
  if (tier === 'Admin' || tier === 'Baseline') return tier
  complain(at(place, 'tier'), `must be Admin or Baseline, not ${quote(tier)}`)
  return undefined
}

/** A4, C3; a BaselineAdminNetworkPolicy has none. */
function parsePriority(spec: Fields, kind: string, place: Place): number | undefined {
  if (kind === 'BaselineAdminNetworkPolicy') return undefined
  const priority = field(spec, 'priority')
  if (typeof priority === 'number' && Number.isInteger(priority) && priority >= 0 && priority <= 1000)
    return priority
  complain(at(place, 'priority'), `must be a whole number from 0 to 1000, not ${quote(priority)}`)
  return undefined
}

/** A2: all pods of some namespaces, or pods by both their labels and their namespace's. */
function parseSubject(spec: Fields, schema: TierSchema, place: Place): Selectors | undefined {
  const where = at(place, 'subject')
  const subject = readObject(field(spec, 'subject'), where) ?? {}
  const [namespaces, pods] = [field(subject, 'namespaces'), field(subject, 'pods')]
  if ((namespaces === undefined) === (pods === undefined)) {
    complain(where, 'must have exactly one of namespaces, pods')
    return undefined
  }
  if (namespaces !== undefined)
    return { namespaces: parseSelector(namespaces, at(where, 'namespaces')), pods: EVERYTHING }
  const fields = readObject(pods, at(where, 'pods'))
  return fields && parseNamespacedPod(fields, schema, at(where, 'pods'))
}

function parseRules(spec: Fields, direction: Direction, schema: TierSchema, place: Place): TierRule[] {
  const where = at(place, direction)
  const list = readList(field(spec, direction), where)
  if (list.length > schema.limit)
    complain(where, `may have at most ${schema.limit} rules, not ${list.length}`)
  return list.map((item, i) => parseTierRule(item, direction, schema, element(where, i)))
}

/** C7: without rules it could not have touched the direction. */
function hasRules(spec: Fields, direction: Direction): boolean {
  const rules = field(spec, direction)
  return rules !== undefined && !(Array.isArray(rules) && rules.length === 0)
}
