// `query --records --follow`: what comes to rest after a search. The newest segment is followed with the `tail` package, which reads a
// file well as long as it only grows; that is all a segment does until a newer one is begun. A segment that is complete is read whole
// once more, so whatever happens at the switch nothing is lost, and ids keep anything from being told twice.

import { setTimeout as sleep } from 'node:timers/promises'
import { type FollowedFile, followFile } from './follow-file.ts'
import type { Search } from './query-search.ts'
import { listRecords, type RecordFile, type RecordFiles } from './record-files.ts'

export interface FollowOptions {
  /** It has searched what was there before. */
  readonly search: Search
  /** The files that it searched. */
  readonly before: RecordFiles
  /** Writes what was found. */
  readonly flush: () => Promise<void>
  readonly signal: AbortSignal
}

const POLL_MS = 250

/** Goes on until it is aborted. */
export async function followRecords(path: string, options: FollowOptions): Promise<void> {
  const { search, before, flush, signal } = options
  const followed = new Map<string, FollowedFile>()
  const searched = new Map(before.files.map(({ path }) => [path, search.readBytes(path)]))
  const complete = new Set(before.files.filter(file => !mayGrow(file)).map(({ name }) => stemOf(name)))

  async function look(): Promise<void> {
    const { files } = listRecords(path, '--records', true)
    const growing = growingOf(files)
    for (const [at, file] of followed) if (!growing.some(each => each.path === at)) stop(at, file)
    for (const file of files) {
      if (growing.includes(file) || complete.has(stemOf(file.name))) continue
      await search.run({ files: [file], foreign: [] })
      complete.add(stemOf(file.name))
    }
    for (const file of growing) if (!followed.get(file.path)?.isWell(file.size)) restart(file.path)
    await search.lookUp({ files, foreign: [] })
  }

  function stop(at: string, file: FollowedFile): void {
    file.stop()
    followed.delete(at)
  }

  function restart(at: string): void {
    const last = followed.get(at)
    last?.stop()
    followed.set(at, followFile(at, last?.position ?? searched.get(at) ?? 0, search.line))
  }

  try {
    while (!signal.aborted) {
      await look()
      await flush()
      await sleep(POLL_MS, undefined, { signal }).catch(() => {
        // Aborted: the loop ends.
      })
    }
  } finally {
    for (const [at, file] of followed) stop(at, file)
  }
  await flush()
}

/** The newest segment, and files that are no segments. */
function growingOf(files: readonly RecordFile[]): readonly RecordFile[] {
  const newest = Math.max(...files.map(({ first }) => first ?? 0))
  return files.filter(file => mayGrow(file) && (file.first ?? newest) === newest)
}

function mayGrow({ name, isOpen, first }: RecordFile): boolean {
  return isOpen || (first === undefined && !/\.(zst|gz)$/.test(name))
}

/** What the forms of one segment share. */
function stemOf(name: string): string {
  return name.replace(/\.zst$/, '')
}
