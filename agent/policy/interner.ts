// What many objects share and evaluation compares: label sets, selectors, ipBlocks, port names, namespaces, each kept once for a line
// of epochs and called by a small number. Whether a selector matches a label set, or an ipBlock a class of addresses, depends on
// nothing else, so it is remembered across edits and never wrong.
// It only grows; when it holds far more than it did when its line began, the next edit compiles anew with an empty one.

import { type Cidr, formatCidr, inCidr } from '../address.ts'
import { CidrTrie } from './cidr-trie.ts'
import { MemoTable } from './memo-table.ts'
import type { ContainerPort, Labels } from './objects.ts'
import { protocolNumber } from './protocol.ts'
import { formatSelector, matchesSelector, type Selector } from './selector.ts'

export interface LabelSet {
  readonly id: number
  readonly labels: Labels
}

/** An ipBlock as evaluation sees it; several CIDRs where a profile has them for one. */
export interface Block {
  readonly cidrs: readonly Cidr[]
  readonly except: readonly Cidr[]
}

/** Named container ports as triples: name id, protocol, number. */
export type PortSet = Int32Array

export const NO_PORTS: PortSet = new Int32Array(0)

/** How much an interner may grow over what it held at first, in entries. */
const GROWTH = 4
const SPARE = 4096

export class Interner {
  readonly cidrs = new CidrTrie()
  readonly #labelSets: LabelSet[] = []
  readonly #labelSetsByKey = new Map<string, LabelSet>()
  readonly #selectors: Selector[] = []
  readonly #selectorIds = new Map<string, number>()
  readonly #blocks: Block[] = []
  readonly #blockIds = new Map<string, number>()
  readonly #names = new Map<string, number>()
  readonly #portSets = new Map<string, PortSet>()
  readonly #selected = new MemoTable()
  readonly #held = new MemoTable()
  #limit = Number.POSITIVE_INFINITY

  get #size(): number {
    const lists =
      this.#labelSets.length + this.#selectors.length + this.#blocks.length + this.cidrs.cidrs.length
    return lists + this.#names.size + this.#portSets.size
  }

  /** Says that what is held now is what is in use; growth counts from here. */
  settle(): void {
    this.#limit = GROWTH * this.#size + SPARE
  }

  isOvergrown(): boolean {
    return this.#size > this.#limit
  }

  labelSet(labels: Labels): LabelSet {
    const key = labelsKey(labels)
    let set = this.#labelSetsByKey.get(key)
    if (set === undefined) {
      set = { id: this.#labelSets.length, labels }
      this.#labelSets.push(set)
      this.#labelSetsByKey.set(key, set)
    }
    return set
  }

  selector(selector: Selector): number {
    const key = formatSelector(selector)
    const known = this.#selectorIds.get(key)
    if (known !== undefined) return known
    const id = this.#selectors.push(selector) - 1
    this.#selectorIds.set(key, id)
    return id
  }

  /** Does the selector match the labels? Asked the same question again, it remembers. */
  selects(selector: number, labelSet: number): boolean {
    const remembered = this.#selected.get(selector, labelSet)
    if (remembered !== 0) return remembered === 2
    const yes = matchesSelector(this.#selectors[selector]!, this.#labelSets[labelSet]!.labels)
    this.#selected.set(selector, labelSet, yes)
    return yes
  }

  block(block: Block): number {
    const key = `${block.cidrs.map(formatCidr).join()} except ${block.except.map(formatCidr).join()}`
    const known = this.#blockIds.get(key)
    if (known !== undefined) return known
    for (const cidr of [...block.cidrs, ...block.except]) this.cidrs.add(cidr)
    const id = this.#blocks.push(block) - 1
    this.#blockIds.set(key, id)
    return id
  }

  /** Are addresses of this class inside the block and outside its excepts (S28, S29)? Class 0 is inside nothing. */
  holds(block: number, addressClass: number): boolean {
    if (addressClass === 0) return false
    const remembered = this.#held.get(block, addressClass)
    if (remembered !== 0) return remembered === 2
    const longest = this.cidrs.cidrs[addressClass - 1]!
    const covers = (outer: Cidr) => outer.bits <= longest.bits && inCidr(outer, longest.address)
    const { cidrs, except } = this.#blocks[block]!
    const yes = cidrs.some(covers) && !except.some(covers)
    this.#held.set(block, addressClass, yes)
    return yes
  }

  /** A number for a name of a namespace or of a port. */
  name(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const id = this.#names.size
    this.#names.set(name, id)
    return id
  }

  /** Unnamed ports are left out: declaring a number allows nothing and is not needed for anything (S45). */
  portSet(ports: readonly ContainerPort[]): PortSet {
    if (ports.length === 0) return NO_PORTS
    const named = ports.filter(port => port.name !== undefined && port.name !== '')
    const key = named.map(({ name, protocol, port }) => `${name}/${protocol}/${port}`).join()
    let set = this.#portSets.get(key)
    if (set === undefined) {
      set = Int32Array.from(
        named.flatMap(p => [this.name(p.name!), protocolNumber(p.protocol) ?? -1, p.port]),
      )
      this.#portSets.set(key, set)
    }
    return set
  }
}

/** Control characters occur in no label, so the text is unambiguous. */
function labelsKey(labels: Labels): string {
  let text = ''
  for (const key of Object.keys(labels).sort()) text += `${key}\u0001${labels[key]}\u0002`
  return text
}
