// YAML manifests, one or more documents. Each document is parsed by itself: that takes 2.5 s for 10,000 pods and 1,000
// policies where one parse of the whole text takes 3.6 s, and memory for one document at a time (JSON takes 0.1 s).

import { isNode, type ParsedNode, parseDocument } from 'yaml'
import type { Path } from './field.ts'
import { lineAt } from './lines.ts'
import type { Document, Parsed, Problem } from './world-error.ts'

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
    return { value: document.toJS(), number, lineOf: path => line + lineAt(text, offsetOf(text, path)) - 1 }
  } catch (cause) {
    // Aliases that multiply beyond the parser's bound.
    return { document: number, line, text: firstLine(String(cause instanceof Error ? cause.message : cause)) }
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/\.$/, '')
}

/** Where the deepest part of the path begins that is there. */
function offsetOf(text: string, path: Path): number {
  const document = parseDocument(text, options)
  for (let depth = path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
    if (isNode(node)) return (node as ParsedNode).range?.[0] ?? 0
  }
  return 0
}
