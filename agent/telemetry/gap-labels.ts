// A gap's cause is a sentence for a person. A metric needs a word of a closed set: it is told from the words of the sentence, and what
// cannot be told is `other`.

export interface GapLabels {
  readonly stage: string
  readonly label: string
}

/** The first row that matches counts. */
const rows: readonly (readonly [RegExp, string, string])[] = [
  [/\bmalformed\b/i, 'parse', 'malformed'],
  [/\bmachine was restarted\b/i, 'read', 'restarted'],
  [/\bnot (?:running|reading)\b|\bwas down\b|\bwas not there\b/i, 'read', 'not_running'],
  [
    /\bENOBUFS\b|\boverr[ua]n\b|\boverwr(?:ote|itten)\b|\b(?:was|were) full\b|\bcame too late\b|\bkernel dropped\b/i,
    'kernel',
    'overrun',
  ],
  [
    /\bcannot be (?:read|uncompressed)\b|\bcannot read\b|\bunreadable\b|\bpermission\b/i,
    'read',
    'unreadable',
  ],
  [
    /\brotat|\bbegun anew\b|\bemptied\b|\btruncated\b|\bcut\b|\bcopy\b|\breplaced\b|\bremoved\b|\bdeleted\b|\bgone\b/i,
    'read',
    'rotated',
  ],
  [/\bended\b|\bexited\b|\bdied\b|\bkilled\b|\bcrash/i, 'read', 'process_ended'],
  [/\blost\b|\bdropped\b|\bmissed\b/i, 'kernel', 'upstream'],
]

/** Names of files and programs stand in quotes: their words say nothing. */
export function gapLabels(cause: string, stage?: string): GapLabels {
  const words = cause.replace(/"[^"]*"/g, '')
  const row = rows.find(([pattern]) => pattern.test(words))
  return { stage: stage ?? row?.[1] ?? 'read', label: row?.[2] ?? 'other' }
}
