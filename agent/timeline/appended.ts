// Lists of which there is one for every object or address of a cluster, nearly all of one element or two.

const FEW = 16

/**
 * `list` with one more: a new list while it is short, as one that grows by push has room for 16 more; later the same one, as copying a
 * long one for each element takes the square of its length. A short list may be shared, a long one is its holder's own.
 */
export function appended<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length < FEW) return list.concat([item])
  ;(list as T[]).push(item)
  return list
}
