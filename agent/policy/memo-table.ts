// Remembered answers of yes-or-no questions about two small integers, two bits each in one array: dense enough to stay in the
// processor's cache, which is what random probes are bound by (test/bench/evaluate.bench.ts).

export class MemoTable {
  #words = new Int32Array(0)
  #rows = 0
  /** Words per row, sixteen answers each. */
  #stride = 0

  /** 0: not asked yet, 1: no, 2: yes. */
  get(row: number, column: number): number {
    const word = column >>> 4
    if (row >= this.#rows || word >= this.#stride) return 0
    return (this.#words[row * this.#stride + word]! >>> ((column & 15) << 1)) & 3
  }

  set(row: number, column: number, yes: boolean): void {
    const word = column >>> 4
    if (row >= this.#rows || word >= this.#stride) this.#grow(row + 1, word + 1)
    this.#words[row * this.#stride + word]! |= (yes ? 2 : 1) << ((column & 15) << 1)
  }

  #grow(rows: number, stride: number): void {
    const newRows = rows > this.#rows ? Math.max(rows, 2 * this.#rows) : this.#rows
    const newStride = stride > this.#stride ? Math.max(stride, 2 * this.#stride) : this.#stride
    const words = new Int32Array(newRows * newStride)
    for (let row = 0; row < this.#rows; row++) {
      const old = this.#words.subarray(row * this.#stride, (row + 1) * this.#stride)
      words.set(old, row * newStride)
    }
    this.#words = words
    this.#rows = newRows
    this.#stride = newStride
  }
}
