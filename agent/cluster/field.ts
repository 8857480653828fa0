// Reading fields of objects whose shape nobody has checked. `null` means absent, as it does to the API server. What is wrong goes
// to a list, so that one pass finds everything.

export type Json = Readonly<Record<string, unknown>>
export type Path = readonly (string | number)[]

export interface Issue {
  readonly path: Path
  /** `status.podIPs[0].ip "10.0.0.x" is not an IP address` */
  readonly text: string
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One object inside the manifest, and where it stands. */
export class Fields {
  readonly #object: Json
  readonly #path: Path
  readonly issues: Issue[]

  constructor(object: Json, path: Path, issues: Issue[]) {
    this.#object = object
    this.#path = path
    this.issues = issues
  }

  get keys(): readonly string[] {
    return Object.keys(this.#object)
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined
  }

  raw(key: string): unknown {
    return this.#object[key] ?? undefined
  }

  /** The object under a key; an empty one where it is absent or no object. */
  fields(key: string): Fields {
    const value = this.raw(key)
    if (value !== undefined && !isRecord(value)) this.wrong(key, 'an object', value)
    return new Fields(isRecord(value) ? value : nothing, [...this.#path, key], this.issues)
  }

  list(key: string): readonly unknown[] {
    const value = this.raw(key)
    if (value !== undefined && !Array.isArray(value)) this.wrong(key, 'a list', value)
    return Array.isArray(value) ? value : []
  }

  /** The objects of a list. */
  each(key: string): readonly Fields[] {
    return this.list(key).flatMap((item, i) => {
      if (isRecord(item)) return [new Fields(item, [...this.#path, key, i], this.issues)]
      this.report([key, i], `is ${describe(item)}, not an object`)
      return []
    })
  }

  string(key: string): string | undefined {
    const value = this.raw(key)
    if (value === undefined || typeof value === 'string') return value
    this.wrong(key, 'a string', value)
    return undefined
  }

  /** The strings of a list. */
  strings(key: string): readonly string[] {
    return this.list(key).filter((item, i): item is string => {
      if (typeof item !== 'string') this.report([key, i], `is ${describe(item)}, not a string`)
      return typeof item === 'string'
    })
  }

  integer(key: string, min: number, max: number): number | undefined {
    const value = this.raw(key)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.wrong(key, `a whole number from ${min} to ${max}`, value)
    return undefined
  }

  /** A map of strings: labels, selectors, annotations. */
  stringMap(key: string): Readonly<Record<string, string>> {
    const map = this.fields(key)
    const entries = map.keys.flatMap(name => {
      const value = map.raw(name)
      if (typeof value === 'string') return [[name, value]]
      if (value !== undefined)
        map.report([name], `is ${describe(value)}, not a string; in YAML it needs quotes: "${String(value)}"`)
      return []
    })
    return Object.fromEntries(entries)
  }

  wrong(key: string, wanted: string, value: unknown): void {
    this.report([key], `is ${describe(value)}, not ${wanted}`)
  }

  report(path: Path, text: string): void {
    const whole = [...this.#path, ...path]
    this.issues.push({ path: whole, text: `${formatPath(whole)} ${text}` })
  }
}

const nothing: Json = {}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 80))
    : `the ${typeof value} ${String(value)}`
}

/** `status.podIPs[0].ip` */
export function formatPath(path: Path): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('')
}
