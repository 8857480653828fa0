// The change that decided, as records have it (`why.changed`).

import type { Blame, BlamedChange } from '../verdict/finding.ts'
import type { ChangedEntry } from './record.ts'
import { recordTime } from './time.ts'

export function changedEntry(blame: Blame | undefined): ChangedEntry | undefined {
  if (blame === undefined) return undefined
  return { ...entry(blame), with: blame.with.length > 0 ? blame.with.map(entry) : undefined }
}

function entry({ subject, at, ago, generation, isDeletion, by, what }: BlamedChange): ChangedEntry {
  return {
    ...subject,
    at: recordTime(at)!,
    ago_s: ago,
    gen: generation.some(Number.isNaN) ? undefined : generation,
    deleted: isDeletion ? true : undefined,
    by,
    what: what.length > 0 ? what : undefined,
  }
}
