// Makes a failing example small: drops list elements anywhere, and fields below `spec`, `labels` and `dns`, while it still fails.

/** The smallest value found, by dropping one thing at a time, for which `holds` stays true. */
export function shrink<T>(value: T, holds: (candidate: T) => boolean): T {
  let smallest = value
  for (let smaller: T | undefined = value; smaller !== undefined; ) {
    smallest = smaller
    smaller = reductions(smallest, false).find(candidate => holds(candidate as T)) as T | undefined
  }
  return smallest
}

function reductions(value: unknown, mayDropFields: boolean): unknown[] {
  if (Array.isArray(value)) {
    const shorter = value.map((_, index) => value.toSpliced(index, 1))
    const inside = value.flatMap((element, index) =>
      reductions(element, mayDropFields).map(less => value.with(index, less)),
    )
    return [...shorter, ...inside]
  }
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, field]) => {
    const dropped = mayDropFields ? [without(value, name)] : []
    const inside = reductions(field, mayDropFields || ['spec', 'labels', 'dns'].includes(name))
    return [...dropped, ...inside.map(less => ({ ...value, [name]: less }))]
  })
}

function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
}
