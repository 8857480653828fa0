// Compressed files beside a name: one that was read before it was compressed is known without uncompressing it, and one that is not
// written to its end yet is waited for.

import type { OpenFile } from './disk.ts'
import { stampOf } from './follow-accounts.ts'
import { openZipped } from './follow-gzip.ts'
import type { Known } from './follow-known.ts'
import { digest, doneAt, HEAD_BYTES, type Position } from './follow-position.ts'

/** A file that was read to its end and then compressed has the same beginning and size: it need not be uncompressed. */
export function isZippedKnown({ open, accounts, sought }: Known, raw: OpenFile): boolean {
  const { head, size } = openZipped(raw)
  const isIt = ({ offset, head: known }: Position): boolean =>
    offset > 0 && size === offset && digest(head.subarray(0, Math.min(HEAD_BYTES, offset))) === known
  const held = open.all.find(one => isIt(one.position()))
  const place = sought.find(one => isIt(one.position))
  const position = held?.position() ?? place?.position ?? accounts.find(isIt)
  if (!position) return false
  if (held) held.isFound = true
  if (place) {
    sought.sayCopied(place)
    sought.drop(place)
  }
  accounts.add(position, raw.stat())
  return true
}

/** Undefined while it is not whole; when it has been so for longer than the grace, that is said, and it is done with. */
export function unzipped(
  { path: name, options, accounts }: Known,
  raw: OpenFile,
  path: string,
  nowMs: number,
): OpenFile | 'half written' | undefined {
  try {
    return openZipped(raw).whole()
  } catch (cause) {
    const stat = raw.stat()
    if (accounts.byFile(stat)?.stamp === stampOf(stat)) return undefined
    if (nowMs - Math.max(stat.changedMs, stat.modifiedMs) < options.graceMs) return 'half written'
    accounts.add(doneAt(raw, name, 0), stat)
    const { dev, ino } = stat
    options.consumer.gap({
      kind: 'damaged',
      path,
      dev,
      ino,
      offset: 0,
      reason: (cause as Error).message,
    })
    return undefined
  }
}
