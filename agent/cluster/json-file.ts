// JSON manifests: one value, or several one after the other as `kubectl get --watch -o json` prints them.

import type { Path } from './field.ts'
import { jsonValues, locate, locateRange } from './json-text.ts'
import { lineAt } from './lines.ts'
import type { Document, LineRange, Parsed } from './world-error.ts'

export function parseJson(text: string): Parsed {
  const whole = tryJson(text)
  if ('value' in whole) return { documents: [documentOf(whole.value, 1, text, 0)], problems: [] }
  const values = jsonValues(text)
  const documents: Document[] = []
  for (const [i, { start, end }] of values.entries()) {
    const part = tryJson(text.slice(start, end))
    if (!('value' in part))
      return { documents: [], problems: [problemOf(part.error, i + 1, text, start, end)] }
    documents.push(documentOf(part.value, i + 1, text, start))
  }
  return { documents, problems: [] }
}

type Result = { readonly value: unknown } | { readonly error: string }

function tryJson(text: string): Result {
  try {
    return { value: JSON.parse(text) }
  } catch (cause) {
    return { error: cause instanceof Error ? cause.message : String(cause) }
  }
}

function problemOf(error: string, document: number, text: string, start: number, end: number) {
  const position = /position (\d+)/.exec(error)?.[1]
  const line = lineAt(text, position === undefined ? end : start + Number(position))
  return { document, line, text: `it is no JSON: ${error.replace(/ in JSON at position.*$/, '')}` }
}

function documentOf(value: unknown, number: number, text: string, start: number): Document {
  return {
    value,
    number,
    lineOf: (path: Path) => lineAt(text, locate(text, start, path)),
    linesOf: (path: Path) => linesOf(text, start, path),
  }
}

function linesOf(text: string, start: number, path: Path): LineRange {
  const { key, end, depth } = locateRange(text, start, path)
  return { first: lineAt(text, key), last: lineAt(text, end), depth }
}
