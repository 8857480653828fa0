// Where in a JSON object the fields of a mapping stand, by their paths.

import { asciiBytes, find } from './bytes.ts'
import { isNothing, type LineFields } from './custom-fields.ts'
import { CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, skipSpace, skipValue } from './json.ts'
import { createJsonFields, type JsonFields } from './json-fields.ts'

const QUOTE = 34

/** The parts of `a.b[0]["c.d"]`, or undefined when it is no path. */
export function pathOf(field: string): string[] | undefined {
  const parts: string[] = []
  let rest = field.startsWith('[') ? field : `.${field}`
  while (rest !== '') {
    const found = /^(?:\.([^.[\]"]+)|\[(\d+)\]|\["([^"\\]+)"\])/.exec(rest)
    if (found === null) return undefined
    parts.push(found[1] ?? found[2] ?? found[3]!)
    rest = rest.slice(found[0].length)
  }
  return parts
}

/** One object of the line: which of its members are fields, and which hold some. */
interface Level {
  readonly names: readonly string[]
  readonly members: JsonFields
  readonly fields: readonly (readonly number[])[]
  readonly inside: readonly (Level | undefined)[]
}

interface Wanted {
  readonly field: number
  readonly path: readonly string[]
}

/** A member is looked for under the next part of its path, and under all the rest of it as one name, as flattened logs have it. */
function levelOf(wanted: readonly Wanted[]): Level {
  const byName = new Map<string, { fields: number[]; inside: Wanted[] }>()
  function at(name: string): { fields: number[]; inside: Wanted[] } {
    const entry = byName.get(name) ?? { fields: [], inside: [] }
    byName.set(name, entry)
    return entry
  }
  for (const { field, path } of wanted) {
    at(path.join('.')).fields.push(field)
    if (path.length > 1) at(path[0]!).inside.push({ field, path: path.slice(1) })
  }
  const names = [...byName.keys()]
  const entries = [...byName.values()]
  return {
    names,
    members: createJsonFields(names),
    fields: entries.map(entry => entry.fields),
    inside: entries.map(({ inside }) => (inside.length > 0 ? levelOf(inside) : undefined)),
  }
}

/** `names` are paths. A line that cannot be walked is `broken` where it has the name of the first field's member. */
export function jsonFields(names: readonly string[]): LineFields {
  const paths = names.map(name => pathOf(name)!)
  const root = levelOf(paths.map((path, field) => ({ field, path })))
  const marker = asciiBytes(`"${paths[0]!.at(-1)}"`)
  const start = new Int32Array(names.length)
  const end = new Int32Array(names.length)

  function take(field: number, bytes: Uint8Array, from: number, to: number): void {
    if (bytes[from] === QUOTE) {
      from++
      to--
    }
    start[field] = isNothing(bytes, from, to) ? -1 : from
    end[field] = to
  }

  /** The position behind the object or array at `at`, or -1. */
  function readLevel(level: Level, bytes: Uint8Array, at: number, until: number): number {
    const { members } = level
    const after =
      bytes[at] === OPEN_BRACE ? members.read(bytes, at, until) : readItems(level, bytes, at, until)
    if (after < 0) return -1
    for (let member = 0; member < level.names.length; member++) {
      const from = members.start[member]!
      if (from < 0) continue
      const to = members.end[member]!
      for (const field of level.fields[member]!) take(field, bytes, from, to)
      const inside = level.inside[member]
      const isNested = bytes[from] === OPEN_BRACE || bytes[from] === OPEN_BRACKET
      if (inside !== undefined && isNested && readLevel(inside, bytes, from, to) < 0) return -1
    }
    return after
  }

  return {
    start,
    end,
    plain: unescaped,
    read(bytes, from, until) {
      while (until > from && bytes[until - 1]! <= 32) until--
      if (bytes[from] !== OPEN_BRACE) return 'other'
      start.fill(-1)
      if (readLevel(root, bytes, from, until) === until) return 'whole'
      return find(bytes, from, until, marker) >= 0 ? 'broken' : 'other'
    },
  }
}

/** The items of an array are members that are named by their numbers. */
function readItems({ names, members }: Level, bytes: Uint8Array, at: number, until: number): number {
  members.start.fill(-1)
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === CLOSE_BRACKET) return at + 1
  for (let i = 0; ; i++) {
    const after = skipValue(bytes, at, until)
    if (after < 0) return -1
    const member = names.indexOf(String(i))
    if (member >= 0) {
      members.start[member] = at
      members.end[member] = after
    }
    at = skipSpace(bytes, after)
    if (bytes[at] === CLOSE_BRACKET) return at + 1
    if (bytes[at] !== COMMA) return -1
    at = skipSpace(bytes, at + 1)
  }
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    // An escape that is none: the text is shown as it stands.
    return text
  }
}
