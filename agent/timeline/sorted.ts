// Sorted lists that grow mostly at their end, and now and then by many at once.

/** Index of the first element after everything `<= value`; `key` gives what the list is sorted by. */
export function upperBound<T>(list: readonly T[], value: number, key: (item: T) => number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (key(list[middle]!) <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts `items` into the sorted `list`, each after its equals. A few are inserted, many are appended and sorted (stable). */
export function insertSorted<T>(list: T[], items: readonly T[], key: (item: T) => number): void {
  if (items.length > 32) {
    for (const item of items) list.push(item)
    list.sort((a, b) => compare(key(a), key(b)))
    return
  }
  for (const item of items) list.splice(upperBound(list, key(item), key), 0, item)
}

/** Ascending; a subtraction would give NaN for two infinities. */
export function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
