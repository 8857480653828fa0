// Records in the order of their time, through a buffer of bounded size: what a finished log needs, where a follow-up count is
// known only when its window closes but belongs where it began.

export interface Ordered<T> {
  /** `time` in microseconds; a record without one stays behind the record before it. */
  push(time: number, item: T): void
  /** Hands out everything that is left. */
  flush(): void
  /** Records handed out after a later one, because they came when the buffer had already moved past their time. */
  readonly late: number
}

interface Held<T> {
  readonly time: number
  readonly sequence: number
  readonly item: T
}

/** A binary heap of at most `capacity` items; beyond that the earliest goes out through `emit`. */
export function createOrdered<T>(emit: (item: T) => void, capacity = 50_000): Ordered<T> {
  const heap: Held<T>[] = []
  let sequence = 0
  let newest = Number.NEGATIVE_INFINITY
  let written = Number.NEGATIVE_INFINITY
  let late = 0

  const isBefore = (a: Held<T>, b: Held<T>) =>
    a.time < b.time || (a.time === b.time && a.sequence < b.sequence)

  function up(index: number): void {
    const held = heap[index]!
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(held, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = held
  }

  function down(): void {
    const held = heap[0]!
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, held)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = held
  }

  function pop(): void {
    const first = heap[0]!
    const tail = heap.pop()!
    if (heap.length > 0) {
      heap[0] = tail
      down()
    }
    if (first.time < written) late++
    else written = first.time
    emit(first.item)
  }

  return {
    push(time, item) {
      if (Number.isNaN(time)) time = newest
      else newest = time
      heap.push({ time, sequence: sequence++, item })
      up(heap.length - 1)
      if (heap.length > capacity) pop()
    },
    flush() {
      while (heap.length > 0) pop()
    },
    get late() {
      return late
    },
  }
}
