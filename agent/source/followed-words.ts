// What a follower has to say of evidence that is missing, in words: what happened to which file, and what would help.

import type { Gap } from './follow-consumer.ts'

const byRename = 'rotate by rename instead of copytruncate'

/** Without a full stop. */
export function causeOf(gap: Gap): string {
  const { repeated = 0 } = gap
  const again = repeated > 0 ? `; at least its first ${bytes(repeated)} may be read a second time` : ''
  return `"${gap.path}" ${happened(gap)}${again}`
}

function happened({ kind, bytes: lost = 0, reason }: Gap): string {
  if (kind === 'damaged')
    return `cannot be uncompressed (${reason}), so its lines are not read; compress rotated logs one rotation later (delaycompress)`
  if (kind === 'copied')
    return lost > 0
      ? `was emptied, and the copy that was made before lacks ${bytes(lost)} of it; ${byRename}`
      : `is left as a copy only: what was written to it after copying, if anything, is in no file; ${byRename}`
  if (kind === 'truncated')
    return `was emptied or cut ${before(lost)}, and no copy holds the rest; ${byRename}`
  return `was rotated and removed ${before(lost)}; keep more rotated files`
}

/** Of what was seen nothing may be missing, and yet lines may have come and gone between two looks. */
const before = (lost: number): string =>
  lost > 0 ? `before its last ${bytes(lost)} were read` : 'between two looks'

const bytes = (count: number): string => (count === 1 ? '1 byte' : `${count} bytes`)

const advice: Readonly<Record<string, string>> = {
  'permission denied': 'let the user that culprit runs as read it, for instance through its group',
  'this process has too many files open': 'raise the limit of open files (ulimit -n)',
  'this machine has too many files open': 'raise fs.file-max',
  'it is not a regular file': 'name a log file',
}

/** One sentence. */
export function troubleOf(path: string, reason: string): string {
  const help = advice[reason]
  return `Cannot read "${path}": ${reason}${help ? `; ${help}` : ''}`
}
