// Which configuration it was: records and metrics carry it.

import { createHash } from 'node:crypto'

/** The first 12 hexadecimal digits of the text's SHA-256. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
