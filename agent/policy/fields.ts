// Reading typed fields out of untyped objects. What is wrong is noted with its path and reading goes on, so that an author sees
// every problem at once. `null` means absent, and a `null` element of a list is the empty value, as the API server decodes it.

export type Fields = Readonly<Record<string, unknown>>

/** Where a value stands, and where to note what is wrong with it. */
export interface Place {
  readonly path: string
  readonly problems: string[]
}

export function at(place: Place, field: string): Place {
  return { path: place.path === '' ? field : `${place.path}.${field}`, problems: place.problems }
}

export function element(place: Place, index: number): Place {
  return { path: `${place.path}[${index}]`, problems: place.problems }
}

export function complain(place: Place, message: string): void {
  place.problems.push(`${place.path}: ${message}`)
}

/** A value as a message shows it, cut where it would drown the message. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** The field's value, own and not null, or undefined. */
export function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined
}

export function readObject(value: unknown, place: Place): Fields | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object' && !Array.isArray(value)) return value as Fields
  complain(place, `must be an object, not ${quote(value)}`)
  return undefined
}

/** The elements of a list, none when it is absent or no list. */
export function readList(value: unknown, place: Place): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  complain(place, `must be a list, not ${quote(value)}`)
  return []
}

/** A string; empty when it is absent or no string, which is noted. */
export function readString(value: unknown, place: Place): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  complain(place, `must be a string, not ${quote(value)}`)
  return ''
}
