// The policies that Cilium itself names: `egress_allowed_by`, `ingress_denied_by` and their like. A node has a few hundred
// different lists, so each is parsed once and then found again by its bytes.

import type { Reported } from './flow.ts'
import { reasonName } from './hubble-verdict.ts'
import { CLOSE_BRACKET, OPEN_BRACKET, skipValue } from './json.ts'
import { isEvaluated, policyName } from './policy-kinds.ts'

export interface PolicyList {
  readonly reported: Reported
  readonly isDenial: boolean
  /** It names a kind that is not evaluated here. */
  readonly isOther: boolean
  /** With a drop's reason in Cilium's own words, by the reason's index. */
  readonly withReason: Map<number, Reported>
}

export interface PolicyLists {
  /** Reads the array at `at`; the position after it, or -1. `last` is what it said, undefined for an empty one. */
  read(bytes: Uint8Array, at: number, end: number, isDenial: boolean): number
  readonly last: PolicyList | undefined
  /** What Cilium says about a drop, from its list or without one. */
  denial(list: PolicyList | undefined, reason: number): Reported
}

const SLOTS = 4096
const LONGEST = 64 * 1024

interface Entry {
  readonly text: Uint8Array
  readonly list: PolicyList
}

export function createPolicyLists(): PolicyLists {
  const entries = new Array<Entry | undefined>(SLOTS).fill(undefined)
  const decoder = new TextDecoder()
  const bare: PolicyList = {
    reported: { by: 'cilium', verdict: 'denied', policies: [] },
    isDenial: true,
    isOther: false,
    withReason: new Map(),
  }
  let last: PolicyList | undefined

  function learn(bytes: Uint8Array, at: number, end: number, isDenial: boolean, slot: number): number {
    const after = skipValue(bytes, at, end)
    if (after < 0 || after - at > LONGEST) return -1
    const list = parseList(decoder.decode(bytes.subarray(at, after)), isDenial)
    if (list === undefined) return -1
    // A slot that is taken is overwritten: parsing again costs time, never truth.
    entries[slot] = { text: bytes.slice(at, after), list }
    last = list
    return after
  }

  return {
    read(bytes, at, end, isDenial) {
      last = undefined
      if (bytes[at] !== OPEN_BRACKET) return -1
      if (bytes[at + 1] === CLOSE_BRACKET) return at + 2
      const slot = slotOf(bytes, at, isDenial)
      const entry = entries[slot]
      if (entry === undefined || !isSame(bytes, at, end, entry.text))
        return learn(bytes, at, end, isDenial, slot)
      last = entry.list
      return at + entry.text.length
    },
    get last() {
      return last
    },
    denial(list, reason) {
      const of = list?.isDenial ? list : bare
      if (reason === 0) return of.reported
      const kept = of.withReason.get(reason)
      if (kept !== undefined) return kept
      const made = { ...of.reported, as: reasonName(reason) }
      of.withReason.set(reason, made)
      return made
    },
  }
}

/** By the first 48 bytes, `[{"name":"…","namespace":"…"` for most. A list that matches whole is balanced, so its end is known too. */
function slotOf(bytes: Uint8Array, at: number, isDenial: boolean): number {
  let hash = isDenial ? 7 : 3
  for (let i = 10; i < 48; i += 2) hash = (Math.imul(hash, 31) + bytes[at + i]!) ^ (bytes[at + i + 1]! << 4)
  return (hash ^ (hash >>> 12)) & (SLOTS - 1)
}

/** Eight bytes a step, because the step costs as much as the comparison. */
function isSame(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  const length = text.length
  if (at + length > end) return false
  let i = 0
  for (const last = length - 8; i <= last; i = (i + 8) | 0) {
    const j = (at + i) | 0
    if (
      bytes[j] !== text[i] ||
      bytes[(j + 1) | 0] !== text[(i + 1) | 0] ||
      bytes[(j + 2) | 0] !== text[(i + 2) | 0]
    )
      return false
    if (bytes[(j + 3) | 0] !== text[(i + 3) | 0] || bytes[(j + 4) | 0] !== text[(i + 4) | 0]) return false
    if (
      bytes[(j + 5) | 0] !== text[(i + 5) | 0] ||
      bytes[(j + 6) | 0] !== text[(i + 6) | 0] ||
      bytes[(j + 7) | 0] !== text[(i + 7) | 0]
    )
      return false
  }
  for (; i < length; i = (i + 1) | 0) if (bytes[(at + i) | 0] !== text[i]) return false
  return true
}

interface ListedPolicy {
  readonly name?: string
  readonly namespace?: string
  readonly labels?: readonly string[]
  readonly kind?: string
}

function parseList(text: string, isDenial: boolean): PolicyList | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Broken text is the caller's answer, not ours: it reads the line as malformed.
    return undefined
  }
  return Array.isArray(value) ? listOf(value.filter(isPolicy), isDenial) : undefined
}

function isPolicy(value: unknown): value is ListedPolicy {
  return typeof value === 'object' && value !== null
}

export function listOf(policies: readonly ListedPolicy[], isDenial: boolean): PolicyList {
  const kinds = policies.map(kindOf)
  const reported = {
    by: 'cilium',
    verdict: isDenial ? 'denied' : 'allowed',
    policies: policies.map((policy, i) => nameOf(policy, kinds[i]!)),
  }
  // A deny rule of unknown kind is not a NetworkPolicy's: those cannot deny. One that is named all the same is a question for them.
  const isOther = policies.length > 0 && !kinds.some(isEvaluated)
  return { reported, isDenial, isOther, withReason: new Map() }
}

const DERIVED = 'k8s:io.cilium.k8s.policy.derived-from='

/** `kind`, or the label that older versions had alone: `k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy`. */
function kindOf(policy: ListedPolicy): string {
  if (policy.kind) return policy.kind
  return labelled(policy, DERIVED) ?? ''
}

function labelled(policy: ListedPolicy, key: string): string | undefined {
  const label = Array.isArray(policy.labels)
    ? policy.labels.find(each => typeof each === 'string' && each.startsWith(key))
    : undefined
  return label?.slice(key.length)
}

/** `ns/name` for a NetworkPolicy, `Kind/ns/name` or `Kind/name` for the others, `ns/name` where the kind is not said. */
function nameOf(policy: ListedPolicy, kind: string): string {
  const name = policy.name || labelled(policy, 'k8s:io.cilium.k8s.policy.name=') || ''
  const ns = policy.namespace || labelled(policy, 'k8s:io.cilium.k8s.policy.namespace=') || ''
  return policyName(kind || 'NetworkPolicy', ns, name)
}
