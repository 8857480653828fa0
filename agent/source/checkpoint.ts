// What a restart goes on with: where every source stands, what was taken and is not written yet, and the records of each batch, written
// here before any destination has them. Each commit is one line, so it is there whole or not at all: whatever kills the process,
// the next one reads again exactly what was not committed, and hands on again exactly what may not have arrived.
//
// A file begins with everything there is and goes on with changes. When it has grown, the next one begins; the older one goes when the
// newer one is safe on the disk.

import * as nodeFs from 'node:fs'
import { join } from 'node:path'

/** One line. All of it is JSON; what it means is the agent's. */
export interface Commit {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Where sources stand, by name: those that moved, or all in a file's first line. */
  readonly sources?: Readonly<Record<string, unknown>>
  /** What was taken and is not written yet: changes, or all in a file's first line. */
  readonly state?: unknown
  /** Records of this batch; in a file's first line those that may not be safe elsewhere. */
  readonly records?: readonly string[]
}

/** A commit as it was read: records as objects. */
export interface Restored extends Omit<Commit, 'records'> {
  readonly records?: readonly object[]
}

export type CheckpointFs = Pick<
  typeof nodeFs,
  | 'mkdirSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'openSync'
  | 'writeSync'
  | 'fstatSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'renameSync'
  | 'unlinkSync'
>

export interface Checkpoint {
  /** Commits of the run before, oldest first; none at the first start. */
  readonly restored: readonly Restored[]
  /** What a person should know of what was found. */
  readonly notes: readonly string[]
  /** Writes one commit. @throws what the system says; nothing of it stands then. */
  append(commit: Commit): void
  /** Begins a file anew with everything there is. @throws what the system says; the one before goes on then. */
  begin(whole: Commit): void
  /** Bytes of the file. */
  readonly size: number
  close(): void
}

const VERSION = 1
const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600
const pattern = /^state\.v(\d+)\.(\d+)\.jsonl(\.part)?$/

interface Current {
  readonly fd: number
  readonly generation: number
  size: number
}

/** @throws what the system says where the directory cannot be made or read. */
export function openCheckpoint(dir: string, fs: CheckpointFs = nodeFs): Checkpoint {
  fs.mkdirSync(dir, { recursive: true, mode: DIRECTORY_MODE })
  const found = findFiles(fs, dir)
  const { restored, notes } = restore(fs, dir, found)
  let last = Math.max(0, ...found.map(({ generation }) => generation))
  let current: Current | undefined

  function write(file: Current, text: string): void {
    const bytes = Buffer.from(text)
    const { size, nlink } = fs.fstatSync(file.fd)
    // What is written to it would be gone with it.
    if (nlink === 0) throw new Error('somebody removed it')
    // Another agent's state would be torn apart.
    if (size !== file.size) throw new Error('somebody else writes to it')
    try {
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(file.fd, bytes, done, bytes.length - done, file.size + done)
    } catch (error) {
      fs.ftruncateSync(file.fd, file.size)
      throw error
    }
    file.size += bytes.length
  }

  function create(generation: number, text: string): Current {
    const path = join(dir, nameOf(generation))
    fs.mkdirSync(dir, { recursive: true, mode: DIRECTORY_MODE })
    const fd = fs.openSync(`${path}.part`, 'w', FILE_MODE)
    try {
      const file = { fd, generation, size: 0 }
      write(file, text)
      fs.fsyncSync(fd)
      fs.renameSync(`${path}.part`, path)
      syncDirectory(fs, dir)
      return file
    } catch (error) {
      fs.closeSync(fd)
      // The older file goes on: a newer one that stands would be believed before it.
      for (const left of [`${path}.part`, path]) tryRemove(left)
      throw error
    }
  }

  /** What cannot be removed now is when the next file begins. */
  function tryRemove(path: string): void {
    try {
      fs.unlinkSync(path)
    } catch {
      // It is not there, or stays: a part is never read, and of whole files the newest is.
    }
  }

  function removeOlder(generation: number): void {
    for (const file of findFiles(fs, dir))
      if (file.version === VERSION && (file.isPart || file.generation < generation))
        tryRemove(join(dir, file.name))
  }

  return {
    restored,
    notes,
    append(commit) {
      if (current === undefined) throw new Error('there is no file of state yet')
      write(current, lineOf(commit))
    },
    begin(whole) {
      const next = create(last + 1, lineOf(whole))
      last = next.generation
      if (current !== undefined) fs.closeSync(current.fd)
      current = next
      removeOlder(next.generation)
    },
    get size() {
      return current?.size ?? 0
    },
    close() {
      if (current === undefined) return
      fs.fsyncSync(current.fd)
      fs.closeSync(current.fd)
      current = undefined
    },
  }
}

/** Records are JSON already. */
function lineOf({ records, ...rest }: Commit): string {
  const head = JSON.stringify(rest)
  if (records === undefined || records.length === 0) return `${head}\n`
  return `${head.slice(0, -1)},"records":[${records.join(',')}]}\n`
}

interface StateFile {
  readonly name: string
  readonly version: number
  readonly generation: number
  readonly isPart: boolean
}

function nameOf(generation: number): string {
  return `state.v${VERSION}.${String(generation).padStart(9, '0')}.jsonl`
}

function findFiles(fs: CheckpointFs, dir: string): StateFile[] {
  return fs
    .readdirSync(dir)
    .flatMap(name => {
      const match = pattern.exec(name)
      if (match === null) return []
      return [
        { name, version: Number(match[1]), generation: Number(match[2]), isPart: match[3] !== undefined },
      ]
    })
    .sort((a, b) => b.generation - a.generation)
}

/** The newest file that begins whole; one of another version is somebody else's. */
function restore(
  fs: CheckpointFs,
  dir: string,
  files: readonly StateFile[],
): { restored: Restored[]; notes: string[] } {
  const notes = files
    .filter(({ version }) => version !== VERSION)
    .map(({ name }) => `"${join(dir, name)}" is of a version that is not known here: left untouched`)
  for (const { name, version, isPart } of files) {
    if (version !== VERSION || isPart) continue
    const { commits, isTorn } = parse(fs.readFileSync(join(dir, name), 'utf8'))
    if (isTorn && commits.length === 0) notes.push(`"${join(dir, name)}" holds nothing whole: left out`)
    if (commits.length > 0) return { restored: commits, notes }
  }
  return { restored: [], notes }
}

/** Up to the first line that is not whole: a crash tore it, and what it would have said was not handed on. */
function parse(text: string): { commits: Restored[]; isTorn: boolean } {
  const commits: Restored[] = []
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const commit = end < 0 ? undefined : parseCommit(text.slice(start, end))
    if (commit === undefined) return { commits, isTorn: true }
    commits.push(commit)
    start = end + 1
  }
  return { commits, isTorn: false }
}

function parseCommit(line: string): Restored | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isCommit =
      typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number'
    return isCommit ? (value as Restored) : undefined
  } catch {
    return undefined
  }
}

/** A rename is safe only when its directory is. */
function syncDirectory(fs: CheckpointFs, dir: string): void {
  const fd = fs.openSync(dir, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
