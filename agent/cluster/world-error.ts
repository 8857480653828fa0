// Everything that is wrong with a world, each problem with its place.

import type { Path } from './field.ts'

export interface Problem {
  readonly file: string
  /** Counted from 1; absent for what is about the whole file, and in timelines, which have lines only. */
  readonly document?: number
  readonly line?: number
  readonly text: string
}

const shown = 20

/** Thrown by `readWorld`; the message has one line per problem, at most twenty and how many more there are. */
export class WorldError extends Error {
  override readonly name = 'WorldError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const lines = problems.slice(0, shown).map(formatProblem)
    const rest = problems.length - lines.length
    super(
      [...lines, ...(rest > 0 ? [`and ${rest} more ${rest === 1 ? 'problem' : 'problems'}`] : [])].join('\n'),
    )
    this.problems = problems
  }
}

/** `Cannot read "w/pods.yaml": document 3, line 41: Pod has no metadata.name` */
export function formatProblem({ file, document, line, text }: Problem): string {
  const place = [
    document === undefined ? '' : `document ${document}`,
    line === undefined ? '' : `line ${line}`,
  ]
  const known = place.filter(part => part !== '').join(', ')
  return `Cannot read "${file}": ${known === '' ? '' : `${known}: `}${text}`
}

/** One value of a file, and how to find the line of something inside it (asked only when something is wrong). */
export interface Document {
  readonly value: unknown
  /** Counted from 1. */
  readonly number: number
  lineOf(path: Path): number
  /** The lines, both counted from 1 and included, of the deepest part of the path that is there, its key with it. */
  linesOf(path: Path): LineRange
}

export interface LineRange {
  readonly first: number
  readonly last: number
  /** How much of the path is there. */
  readonly depth: number
}

/** What a file holds: its documents as far as they could be parsed. */
export interface Parsed {
  readonly documents: readonly Document[]
  readonly problems: readonly Omit<Problem, 'file'>[]
}
