// One label set of one metric: its value, and the text before it, which is made once. Adding costs a few nanoseconds.

export type Labels = Readonly<Record<string, string>>

/** The latest record behind a sample. */
export interface Exemplar {
  readonly id: string
  readonly value: number
  /** Seconds since 1970. */
  readonly at: number
}

export interface Series {
  readonly labels: Labels
  /** To a counter; `id` is that of the record behind it. */
  add(n: number, id?: string): void
  /** A counter that somebody else keeps: its total since the start. A total that shrank began anew at 0. */
  total(total: number): void
  /** A gauge. */
  set(value: number): void
  /** A histogram. */
  observe(value: number, id?: string): void
}

/** A counter's or a gauge's. */
export class Cell implements Series {
  readonly labels: Labels
  /** `{name="value"}`, escaped; nothing without labels. */
  readonly text: string
  value = 0
  exemplar: Exemplar | undefined
  readonly #now: () => number
  readonly #onOverflow: (() => void) | undefined
  #total = 0

  constructor(labels: Labels, now: () => number, onOverflow?: () => void) {
    this.labels = labels
    this.text = labelText(labels)
    this.#now = now
    this.#onOverflow = onOverflow
  }

  add(n: number, id?: string): void {
    this.value += n
    if (id !== undefined) this.exemplar = { id, value: n, at: this.#now() / 1000 }
    this.#onOverflow?.()
  }

  total(total: number): void {
    const more = total >= this.#total ? total - this.#total : total
    this.#total = total
    this.add(more)
  }

  set(value: number): void {
    this.value = value
    this.#onOverflow?.()
  }

  observe(): void {
    throw new Error('Cannot observe: this metric is no histogram')
  }
}

export function labelText(labels: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

export function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, c => (c === '\n' ? '\\n' : `\\${c}`))
}
