// Which change did it, by whom, and how long before.

import { printable } from './printable.ts'
import type { ChangedEntry } from './record.ts'
import { dayAndClock, duration, listed } from './words.ts'

/** `isObserved`: there is a packet, so the time from the change to it is known. */
export function changedSentences(changed: ChangedEntry | undefined, isObserved: boolean): string[] {
  if (changed === undefined) return []
  const all = [changed, ...(changed.with ?? [])].sort((a, b) => (a.at < b.at ? -1 : 1))
  const before = `Before ${dayAndClock(all[0]!.at)} the policies allowed it.`
  if (all.length > 1)
    return [
      `${before} Each of these changes since then would have to be undone: ${listed(all.map(each => `at ${each.at.slice(11, 19)} ${didWhat(each)}`))}.`,
    ]
  const ago = isObserved ? `, ${duration(changed.ago_s)} before this,` : ''
  return [`${before} Then${ago} ${didWhat(changed)}.`]
}

/** `argocd-controller changed data/pg-ingress (ingress[0].from[1] removed)` */
function didWhat(change: ChangedEntry): string {
  const who = change.by === undefined ? 'somebody' : printable(change.by)
  const what = change.what?.length ? ` (${printable(change.what.join('; '), 400)})` : ''
  if (change.policy === undefined)
    return `${who} changed the labels of ${printable(change.object ?? '')}${what}`
  return `${who} ${verb(change)} ${printable(change.policy)}${change.deleted || change.gen?.[0] === 0 ? '' : what}`
}

function verb({ deleted, gen }: ChangedEntry): string {
  if (deleted) return 'deleted'
  return gen?.[0] === 0 ? 'created' : 'changed'
}
