// Where things are in a JSON text: JSON.parse is fast and forgets the places, and they are wanted only when something is wrong.

import type { Path } from './field.ts'

export interface Range {
  readonly start: number
  readonly end: number
}

/** The values that stand one after the other in a text; the last one may be cut. */
export function jsonValues(text: string): Range[] {
  const values: Range[] = []
  let at = skipBlanks(text, 0)
  while (at < text.length) {
    const end = skipValue(text, at)
    values.push({ start: at, end })
    at = skipBlanks(text, Math.max(end, at + 1))
  }
  return values
}

/** Offset of the deepest part of the path that is there, in the valid value that begins at `at`. */
export function locate(text: string, at: number, path: Path): number {
  return locateRange(text, at, path).start
}

/** The deepest part of the path that is there: it, where its key begins (if it has one), and how much of the path it is. */
export function locateRange(
  text: string,
  at: number,
  path: Path,
): Range & { readonly key: number; readonly depth: number } {
  let start = skipBlanks(text, at)
  let key = start
  let depth = 0
  for (const part of path) {
    const next = child(text, start, part)
    if (next === undefined) break
    start = next.value
    key = next.key
    depth++
  }
  return { start, key, end: skipValue(text, start), depth }
}

interface Child {
  readonly value: number
  /** Offset of its key, of itself in a list. */
  readonly key: number
}

function child(text: string, at: number, part: string | number): Child | undefined {
  const open = text[at]
  if (open !== '{' && open !== '[') return undefined
  let here = skipBlanks(text, at + 1)
  for (let i = 0; here < text.length && text[here] !== '}' && text[here] !== ']'; i++) {
    let key: string | number = i
    const begin = here
    if (open === '{') {
      const end = skipValue(text, here)
      key = JSON.parse(text.slice(here, end)) as string
      here = skipBlanks(text, skipBlanks(text, end) + 1)
    }
    if (key === part) return { value: here, key: begin }
    here = skipBlanks(text, skipValue(text, here))
    if (text[here] === ',') here = skipBlanks(text, here + 1)
  }
  return undefined
}

function skipBlanks(text: string, at: number): number {
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

/** Behind the value that begins here: a string, something in brackets, or a bare word. */
function skipValue(text: string, at: number): number {
  const first = text[at]
  if (first === '"') return skipString(text, at)
  if (first !== '{' && first !== '[') return skipWord(text, at)
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const char = text[i]
    if (char === '"') i = skipString(text, i) - 1
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1
  }
  return text.length
}

function skipString(text: string, at: number): number {
  let i = at + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return Math.min(i + 1, text.length)
}

function skipWord(text: string, at: number): number {
  while (at < text.length && !/[\s,:{}[\]"]/.test(text[at]!)) at++
  return at
}
