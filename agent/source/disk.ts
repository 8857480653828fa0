// What a follower needs of a file system, small enough to be faked whole: stat and list names, and read open files at an offset.

import {
  closeSync,
  fstatSync,
  constants as open,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'

export interface FileStat {
  readonly dev: number
  readonly ino: number
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970 of the last change of the content, and of anything about the file. */
  readonly modifiedMs: number
  readonly changedMs: number
  /** When the file was made; 0 where the file system does not keep it. */
  readonly bornMs: number
  readonly isFile: boolean
  /** Bytes on disk, where `size` is that of the uncompressed content. */
  readonly storedSize?: number
}

/** An open file: it stays readable when its name is renamed or removed, and its inode cannot be given to another file. */
export interface OpenFile {
  stat(): FileStat
  /** Fills `buffer` from `offset` on; fewer bytes than it holds only at the end of the file. */
  read(buffer: Uint8Array, offset: number): number
  close(): void
}

/** What is not there gives nothing; every other reason not to look is thrown as an ErrnoException. */
export interface Disk {
  /** Follows links. */
  stat(path: string): FileStat | undefined
  /** Names in a directory; none where there is no directory. */
  list(directory: string): readonly string[]
  /** The path behind links; undefined where it leads nowhere. */
  realPath(path: string): string | undefined
  open(path: string): OpenFile | undefined
}

export const realDisk: Disk = {
  stat(path) {
    const stats = unlessGone(() => statSync(path, { throwIfNoEntry: false }))
    return stats && described(stats)
  },
  list: directory => unlessGone(() => readdirSync(directory)) ?? [],
  realPath: path => unlessGone(() => realpathSync(path)),
  // Without O_NONBLOCK the open of a pipe waits for its writer, and the whole agent with it.
  open: path => unlessGone(() => openFile(openSync(path, open.O_RDONLY | open.O_NONBLOCK))),
}

const gone = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (cause) {
    if (gone.has((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw cause
  }
}

function described(stats: Stats): FileStat {
  const { dev, ino, size, mtimeMs, ctimeMs, birthtimeMs } = stats
  return {
    dev,
    ino,
    size,
    modifiedMs: mtimeMs,
    changedMs: ctimeMs,
    bornMs: birthtimeMs,
    isFile: stats.isFile(),
  }
}

function openFile(fd: number): OpenFile {
  return {
    stat: () => described(fstatSync(fd)),
    read(buffer, offset) {
      let filled = 0
      while (filled < buffer.length) {
        const length = readSync(fd, buffer, filled, buffer.length - filled, offset + filled)
        if (length === 0) break
        filled += length
      }
      return filled
    },
    close: () => closeSync(fd),
  }
}
