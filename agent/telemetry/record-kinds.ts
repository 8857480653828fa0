// Flow records that differ only in their numbers are of one kind, and have their counters in common. A kind is found by a walk through
// small maps, one per fact: building one text of all of them takes several times as long.

import type { FlowFacts } from './record-facts.ts'

class Node<T> {
  readonly next = new Map<unknown, Node<T>>()
  value: T | undefined

  at(fact: unknown): Node<T> {
    let node = this.next.get(fact)
    if (node === undefined) {
      node = new Node()
      this.next.set(fact, node)
    }
    return node
  }
}

export interface KindsOptions {
  /** Whether kinds differ by the namespaces of their ends, and by the rules of their policies. */
  readonly hasNamespaces: boolean
  readonly hasRules: boolean
  /** So many are remembered; then all are made anew. */
  readonly limit: number
}

/** What was made of the first record of a kind, for every record of it. */
export function createKinds<T>(
  make: (facts: FlowFacts) => T,
  { hasNamespaces, hasRules, limit }: KindsOptions,
): (facts: FlowFacts) => T {
  let root = new Node<T>()
  let size = 0

  function walk(facts: FlowFacts): Node<T> {
    const { event, verdict, dir, reason, certainty, agreement, policies } = facts
    let node = root.at(event).at(verdict).at(dir).at(reason).at(certainty).at(agreement)
    if (hasNamespaces) node = node.at(facts.srcNs).at(facts.dstNs)
    if (policies === undefined) return node
    for (const { kind, ns, name, role, rule } of policies) {
      node = node.at(kind).at(ns).at(name).at(role)
      if (hasRules) node = node.at(rule)
    }
    return node
  }

  return facts => {
    let node = walk(facts)
    if (node.value !== undefined) return node.value
    if (size >= limit) {
      root = new Node()
      size = 0
      node = walk(facts)
    }
    size++
    node.value = make(facts)
    return node.value
  }
}
