// One look at a file of configuration: its text, and which file that was.

import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs'

export type Look =
  | {
      readonly text: string
      /** Behind all links: where it changes, a link was switched. */
      readonly realPath: string
      readonly inode: string
      /** Its name changed after its content did, as far as the file's own times tell. */
      readonly isNamedLater: boolean
    }
  /** Why there is no text. */
  | { readonly trouble: string }

const MOST_BYTES = 4 * 1024 * 1024

/** Never throws: that something cannot be read is what the look found. */
export function lookAtFile(path: string): Look {
  try {
    const realPath = realpathSync(path)
    const stat = statSync(realPath)
    const trouble = troubleOf(stat)
    if (trouble !== undefined) return { trouble }
    return {
      text: readFileSync(realPath, 'utf8'),
      realPath,
      inode: `${stat.dev}:${stat.ino}`,
      isNamedLater: stat.ctimeMs > stat.mtimeMs,
    }
  } catch (cause) {
    return { trouble: causeText(cause as NodeJS.ErrnoException) }
  }
}

/** Reading a pipe would wait for its writer, and the whole process with it. */
function troubleOf(stat: Stats): string | undefined {
  if (stat.isDirectory()) return 'it is a directory'
  if (!stat.isFile()) return 'it is no regular file'
  return stat.size > MOST_BYTES
    ? `it has ${stat.size} bytes, a configuration has at most ${MOST_BYTES}`
    : undefined
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it may not be read: permission denied',
  ELOOP: 'its symbolic links lead in a circle',
}

function causeText({ code, message }: NodeJS.ErrnoException): string {
  return causes[code ?? ''] ?? message
}
