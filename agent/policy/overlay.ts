// A map that is cheap to change and never changes: a large base that many epochs share, and a small layer of differences on top.
// The layer is folded into a new base when it has grown, so an edit costs as much as the layer, not as much as the cluster.

/** Layers up to this size stay, larger ones up to some square roots of the base, which keeps copies of both small or rare. */
const SMALL_LAYER = 64
const LAYER_ROOTS = 4

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

export class Overlay<K, V> {
  readonly #base: ReadonlyMap<K, V>
  readonly #layer: ReadonlyMap<K, V | undefined>

  constructor(base: ReadonlyMap<K, V> = new Map(), layer: ReadonlyMap<K, V | undefined> = new Map()) {
    this.#base = base
    this.#layer = layer
  }

  get(key: K): V | undefined {
    if (this.#layer.size > 0) {
      const value = this.#layer.get(key)
      if (value !== undefined || this.#layer.has(key)) return value
    }
    return this.#base.get(key)
  }

  *entries(): Generator<[K, V]> {
    for (const entry of this.#base) if (!this.#layer.has(entry[0])) yield entry
    for (const [key, value] of this.#layer) if (value !== undefined) yield [key, value]
  }

  *values(): Generator<V> {
    for (const [, value] of this.entries()) yield value
  }

  edit(): OverlayEdit<K, V> {
    return new OverlayEdit(this)
  }

  /** This map with some entries set, or removed where the value is undefined. */
  with(edits: ReadonlyMap<K, V | undefined>): Overlay<K, V> {
    if (edits.size === 0) return this
    if (edits.size + this.#layer.size <= Math.max(SMALL_LAYER, LAYER_ROOTS * Math.sqrt(this.#base.size))) {
      const layer = new Map(this.#layer)
      for (const [key, value] of edits) layer.set(key, value)
      return new Overlay(this.#base, layer)
    }
    const base = new Map(this.#base)
    for (const entries of [this.#layer, edits]) for (const [key, value] of entries) put(base, key, value)
    return new Overlay(base)
  }
}

/** Collects changes to an Overlay and reads through them. */
export class OverlayEdit<K, V> {
  readonly #before: Overlay<K, V>
  readonly #edits = new Map<K, V | undefined>()

  constructor(before: Overlay<K, V>) {
    this.#before = before
  }

  get(key: K): V | undefined {
    const value = this.#edits.get(key)
    return value !== undefined || this.#edits.has(key) ? value : this.#before.get(key)
  }

  set(key: K, value: V | undefined): void {
    this.#edits.set(key, value)
  }

  done(): Overlay<K, V> {
    return this.#before.with(this.#edits)
  }
}
