// YAML manifests, one or more documents. Each document is parsed by itself: that takes 2.5 s for 10,000 pods and 1,000
// policies where one parse of the whole text takes 3.6 s, and memory for one document at a time (JSON takes 0.1 s).

import { isMap, isNode, isScalar, type ParsedNode, parseDocument } from 'yaml'
import type { Path } from './field.ts'
import { lineAt } from './lines.ts'
import type { Document, LineRange, Parsed, Problem } from './world-error.ts'

// Whatever they hold, manifests are not logged by the parser itself.
const options = { prettyErrors: false, logLevel: 'silent' } as const

interface Chunk {
  readonly text: string
  readonly line: number
}

export function parseYaml(text: string): Parsed {
  const documents: Document[] = []
  const problems: Omit<Problem, 'file'>[] = []
  for (const [i, chunk] of chunksOf(text).entries()) {
    const parsed = parseChunk(chunk, i + 1)
    if ('text' in parsed) problems.push(parsed)
    // An empty document (comments only) is no object.
    else if (parsed.value !== null && parsed.value !== undefined) documents.push(parsed)
  }
  return { documents, problems }
}

/** A line that begins with `---` begins a document, wherever it stands. */
function chunksOf(text: string): Chunk[] {
  const starts = [
    0,
    ...[...text.matchAll(/^---(?=\s|$)/gm)].map(match => match.index).filter(index => index > 0),
  ]
  const chunks: Chunk[] = []
  let line = 1
  for (const [i, start] of starts.entries()) {
    const chunk = text.slice(start, starts[i + 1])
    // What stands before the first marker is a document only if there is something in it.
    if (i > 0 || chunk.startsWith('---') || !isBlank(chunk)) chunks.push({ text: chunk, line })
    line += newlinesIn(chunk)
  }
  return chunks
}

function isBlank(text: string): boolean {
  return text.split('\n').every(line => /^\s*(#.*)?$/.test(line))
}

function newlinesIn(text: string): number {
  return lineAt(text, text.length) - 1
}

function parseChunk({ text, line }: Chunk, number: number): Document | Omit<Problem, 'file'> {
  const document = parseDocument(text, options)
  const [error] = document.errors
  if (error !== undefined)
    return { document: number, line: line + lineAt(text, error.pos[0]) - 1, text: firstLine(error.message) }
  try {
    return {
      value: document.toJS(),
      number,
      lineOf: path => line + lineAt(text, spanOf(text, path).start) - 1,
      linesOf: path => linesOf(text, path, line),
    }
  } catch (cause) {
    // Aliases that multiply beyond the parser's bound.
    return { document: number, line, text: firstLine(String(cause instanceof Error ? cause.message : cause)) }
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/\.$/, '')
}

interface Span {
  /** Offset of the node, and of its key where it has one. */
  readonly start: number
  readonly key: number
  readonly end: number
  readonly depth: number
}

/** The deepest part of the path that is there. */
function spanOf(text: string, path: Path): Span {
  const document = parseDocument(text, options)
  const nodeAt = (depth: number): unknown =>
    depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
  for (let depth = path.length; depth >= 0; depth--) {
    const node = nodeAt(depth)
    if (!isNode(node)) continue
    const [start, end] = (node as ParsedNode).range ?? [0, 0]
    const key = depth === 0 ? undefined : keyOffset(nodeAt(depth - 1), path[depth - 1])
    return { start, key: key ?? start, end, depth }
  }
  return { start: 0, key: 0, end: 0, depth: 0 }
}

function keyOffset(parent: unknown, name: string | number | undefined): number | undefined {
  if (!isMap(parent)) return undefined
  const key = parent.items.map(pair => pair.key).find(each => isScalar(each) && each.value === name)
  return isScalar(key) ? key.range?.[0] : undefined
}

/** A block ends with the line break behind it, which is not a line of it. */
function linesOf(text: string, path: Path, line: number): LineRange {
  const { key, end, depth } = spanOf(text, path)
  const last = key + text.slice(key, end).trimEnd().length
  return { first: line + lineAt(text, key) - 1, last: line + lineAt(text, Math.max(key, last)) - 1, depth }
}
