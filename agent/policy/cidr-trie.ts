// The CIDRs that policies name, as a path-compressed binary trie, one per family. The longest one that holds an address decides
// which others do: two addresses with the same longest CIDR are inside the same CIDRs, so they are of one class.

import { type Address, type Cidr, isIPv4 } from '../address.ts'

interface TrieNode {
  /** Of a fork only the first `bits` bits of the address mean anything. */
  cidr: Cidr
  /** -1 for a fork that nobody asked for. */
  id: number
  zero: TrieNode | undefined
  one: TrieNode | undefined
}

export class CidrTrie {
  /** By id. Ids count up from 0 and are never used again. */
  readonly cidrs: Cidr[] = []
  #v4: TrieNode | undefined
  #v6: TrieNode | undefined

  /** Adds a CIDR, masked as parseCidr() gives it, and returns its id; one that is there already keeps its own. */
  add(cidr: Cidr): number {
    // `::/0` holds no IPv4 address although their mapped forms lie in it (S33), so families have a trie each.
    if (isIPv4(cidr.address) && cidr.bits >= 96) {
      this.#v4 = this.#insert(this.#v4, cidr)
    } else {
      this.#v6 = this.#insert(this.#v6, cidr)
    }
    return this.find(cidr.address, 0, cidr.bits)
  }

  /** The id of the longest CIDR, of at most `maxBits`, that holds the address; -1 when none does. */
  find(words: Address, at: number, maxBits = 128): number {
    let node = isIPv4(words, at) && maxBits >= 96 ? this.#v4 : this.#v6
    let found = -1
    while (node !== undefined && node.cidr.bits <= maxBits) {
      const { address, bits } = node.cidr
      if (commonBits(address, 0, words, at, bits) < bits) break
      if (node.id >= 0) found = node.id
      if (bits === 128) break
      node = bitAt(words, at, bits) === 0 ? node.zero : node.one
    }
    return found
  }

  #insert(node: TrieNode | undefined, cidr: Cidr): TrieNode {
    if (node === undefined) return this.#leaf(cidr)
    const shared = commonBits(node.cidr.address, 0, cidr.address, 0, Math.min(node.cidr.bits, cidr.bits))
    if (shared < node.cidr.bits) {
      const top = shared === cidr.bits ? this.#leaf(cidr) : fork(cidr, shared)
      attach(top, node)
      if (shared < cidr.bits) attach(top, this.#leaf(cidr))
      return top
    }
    if (cidr.bits === node.cidr.bits) {
      if (node.id < 0) this.#name(node, cidr)
    } else if (bitAt(cidr.address, 0, node.cidr.bits) === 0) {
      node.zero = this.#insert(node.zero, cidr)
    } else {
      node.one = this.#insert(node.one, cidr)
    }
    return node
  }

  #name(node: TrieNode, cidr: Cidr): void {
    node.cidr = cidr
    node.id = this.cidrs.push(cidr) - 1
  }

  #leaf(cidr: Cidr): TrieNode {
    return { cidr, id: this.cidrs.push(cidr) - 1, zero: undefined, one: undefined }
  }
}

function fork(cidr: Cidr, bits: number): TrieNode {
  return { cidr: { address: cidr.address, bits }, id: -1, zero: undefined, one: undefined }
}

function attach(parent: TrieNode, child: TrieNode): void {
  if (bitAt(child.cidr.address, 0, parent.cidr.bits) === 0) parent.zero = child
  else parent.one = child
}

function bitAt(words: Address, at: number, bit: number): number {
  return (words[at + (bit >>> 5)]! >>> (31 - (bit & 31))) & 1
}

/** How many leading bits two addresses share, at most `max`. */
function commonBits(a: Address, atA: number, b: Address, atB: number, max: number): number {
  for (let i = 0; 32 * i < max; i++) {
    const difference = a[atA + i]! ^ b[atB + i]!
    if (difference !== 0) return Math.min(max, 32 * i + Math.clz32(difference))
  }
  return max
}
