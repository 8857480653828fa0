// An explanation as text: wrapped for a terminal, coloured only where a person's terminal is. Commands stay on one line, so that what is
// copied is what is meant.

import type { Explanation, Proposal, Quote } from './explanation.ts'

export interface Layout {
  /** Columns; text is wrapped at 80 to 100 of them. */
  readonly width: number
  readonly isColoured: boolean
}

const NARROW = 80
const WIDE = 100

export function layout(explanation: Explanation, { width, isColoured }: Layout): string {
  const columns = Math.min(WIDE, Math.max(NARROW, width))
  const paint: Paint = isColoured ? (style, text) => `\x1b[${style}m${text}\x1b[0m` : (_, text) => text
  const { word, connection, sentences, quotes, proposals, more } = explanation
  const blocks = [
    `${paint(styleOf(word), word)}  ${paint(BOLD, connection)}`,
    wrapped(sentences.join(' '), columns),
    ...quotes.map(quote => quoteText(quote, paint)),
    ...proposals.map((proposal, i) => proposalText(proposal, columns, i > 0, paint)),
    `${more.text}\n  ${more.command}`,
  ]
  return `${blocks.join('\n\n')}\n`
}

type Paint = (style: number, text: string) => string

const BOLD = 1
const DIM = 2
const RED = 31
const GREEN = 32
const YELLOW = 33

function styleOf(word: string): number {
  if (word === 'DENIED' || word === 'REJECTED') return RED
  return word === 'ALLOWED' ? GREEN : YELLOW
}

function quoteText({ policy, path, file, line, lines, isRendered }: Quote, paint: Paint): string {
  const how = isRendered ? ', as YAML' : ''
  const head = `${file}:${line}  (${policy}, ${path}${how})`
  return [paint(DIM, head), ...lines.map(each => `    ${each}`)].join('\n')
}

function proposalText({ text, command }: Proposal, columns: number, isSecond: boolean, paint: Paint): string {
  if (command === undefined) return wrapped(text, columns)
  const lead = isSecond
    ? 'And a second proposal, needed as well'
    : 'A proposal, to be read and understood first'
  const note = paint(DIM, '  (--dry-run=server only tries it and shows the result: nothing is changed)')
  return `${wrapped(`${lead}. ${text}`, columns)}\n  ${command}\n${note}`
}

/** Words that are longer than a line stand on one of their own. */
export function wrapped(text: string, columns: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
