// Being told of changes in directories: nobody's promise (the kernel's queue overflows without a word to Node, a node may have no watch
// left), so it only ever shortens the wait of who looks anyway.

import { watch } from 'node:fs'

/** Is told the name of a file that was written to; undefined where names came or went, and where nobody knows which it was. */
export type OnChange = (written?: string) => void

/** Tells of changes in a directory until it is closed; `undefined` where it cannot be watched. */
export type Watch = (directory: string, onChange: OnChange) => { close(): void } | undefined

export interface WatchedDirectories {
  /** Watches these and no others; one that cannot be watched yet is tried again. */
  set(directories: readonly string[]): void
  close(): void
}

export function watchDirectories(onChange: OnChange, watchOne: Watch = watchDirectory): WatchedDirectories {
  const open = new Map<string, { close(): void }>()
  return {
    set(directories) {
      const wanted = new Set(directories)
      for (const [directory, watcher] of open) {
        if (wanted.has(directory)) continue
        watcher.close()
        open.delete(directory)
      }
      for (const directory of wanted) {
        const watcher = open.get(directory) ?? watchOne(directory, onChange)
        if (watcher !== undefined) open.set(directory, watcher)
      }
    },
    close() {
      for (const watcher of open.values()) watcher.close()
    },
  }
}

const watchDirectory: Watch = (directory, onChange) => {
  try {
    const watcher = watch(directory, { persistent: false }, (event, name) =>
      onChange(event === 'change' ? (name ?? undefined) : undefined),
    )
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
