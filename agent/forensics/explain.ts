// From a record to the paragraph that a tired person can act on. Pure. One file for each thing that a sentence can be about.

import { changedSentences } from './explain-changed.ts'
import { directionSentences, natSentences } from './explain-direction.ts'
import { proposalOf } from './explain-fix.ts'
import { agreementSentences, certaintySentences, nextSentences, reportedSentence } from './explain-trust.ts'
import { verdictSentences } from './explain-verdict.ts'
import type { Explanation, Judged, Proposal, Quote, Told } from './explanation.ts'
import { printable, withoutControl } from './printable.ts'
import type { Why } from './record.ts'
import { endText } from './words.ts'

/** One direction of a record. */
export interface Side extends Why {
  readonly dir: 'egress' | 'ingress' | undefined
}

export function explain(record: Judged, told: Told): Explanation {
  const sides = sidesOf(record)
  const sentences = distinct([
    ...verdictSentences(record, told),
    ...natSentences(record),
    ...agreementSentences(record, sides),
    ...sides.flatMap((side, i) => [
      ...(i > 0 && record.verdict !== 'allowed' ? [alsoSentence(side)] : []),
      ...directionSentences(record, side, placeOf(side, told.quotes)),
      ...changedSentences(side.changed, told.basis === 'record'),
    ]),
    ...certaintySentences(sides),
    ...reportedSentence(record, sides),
    ...nextSentences(record, sides),
    ...told.notes.map(note => printable(note, 1000)),
  ])
  return {
    word: record.verdict.toUpperCase(),
    connection: `${endText(record.src)} -> ${endText(record.dst)}${record.proto ? ` ${printable(record.proto)}` : ''}`,
    sentences,
    quotes: told.quotes.map(printableQuote),
    proposals: sides.flatMap(side => proposalsOf(side, record)),
    more: { text: told.more.text, command: withoutControl(told.more.command) },
  }
}

/** The direction that decided first, then the other one where it has a say too. */
export function sidesOf({ why, egress, ingress, dir }: Judged): readonly Side[] {
  if (why !== undefined) return [{ ...why, dir }, ...(why.other === undefined ? [] : [why.other])]
  return [
    ...(egress === undefined ? [] : [{ ...egress, dir: 'egress' as const }]),
    ...(ingress === undefined ? [] : [{ ...ingress, dir: 'ingress' as const }]),
  ]
}

function alsoSentence({ dir }: Side): string {
  return `And ${dir} denies it too, so both have to change before anything gets through.`
}

/** Both directions may have the same to say: a pod that talks to itself. */
function distinct(sentences: readonly string[]): readonly string[] {
  return [...new Set(sentences)]
}

/** Where the node only had to follow, the policies allow it already. */
function proposalsOf(side: Side, record: Judged): readonly Proposal[] {
  return side.fix === undefined || side.agreement === 'lagging' ? [] : [proposalOf(side.fix, side, record)]
}

/** `policies.yaml:41`, where the rule that the side is about can be read. */
function placeOf(side: Side, quotes: readonly Quote[]): string | undefined {
  const quote = quotes.find(each => side.dir !== undefined && each.path.startsWith(side.dir))
  return quote && `${printable(quote.file.slice(quote.file.lastIndexOf('/') + 1))}:${quote.line}`
}

function printableQuote(quote: Quote): Quote {
  const { policy, path, file, lines } = quote
  return {
    ...quote,
    policy: printable(policy),
    path: printable(path),
    file: printable(file, 1000),
    lines: lines.map(line => printable(line, 160)),
  }
}
