// `manifests: DIRECTORY`: where the cluster's state comes from while there is no API server to ask.

import { type LookOptions, lookAgain, POLL_MS } from '../look-again.ts'
import type { Observed } from '../timeline/index.ts'
import { ManifestLooks, type ManifestLooksOptions } from './manifest-directory-looks.ts'

export interface ManifestDirectoryOptions
  extends ManifestLooksOptions,
    Pick<LookOptions, 'signal' | 'pollMs' | 'settleMs' | 'watch'> {
  /** After each look that proved something. */
  onProof?(): void
}

export interface ManifestDirectory {
  /** The objects as they were told last; what the next run is given as `since`. */
  readonly objects: readonly Observed[]
  /** The start of the latest look that found them so: microseconds since 1970, NaN before the first. */
  readonly lastProof: number
  /** Objects of kinds that are not used: kind -> how many. */
  readonly ignored: ReadonlyMap<string, number>
  /** Asks for a look soon: somebody waits for a later `lastProof`. */
  lookSoon(): void
  /** Resolves when the signal is aborted and the last look has ended. */
  readonly done: Promise<void>
}

/**
 * Follows the directory until the signal is aborted; resolves when the first state was told or refused. The initial state is told as one list:
 * RELIST of every kind, then ADDED, all at the time of the latest change in the directory.
 */
export async function openManifestDirectory(options: ManifestDirectoryOptions): Promise<ManifestDirectory> {
  const looks = new ManifestLooks(options)
  const { promise, resolve } = Promise.withResolvers<void>()
  let lookSoon = (): void => {}
  const done = lookAgain(
    async () => {
      const looked = await looks.look()
      if (looked === 'settled') {
        resolve()
        options.onProof?.()
      }
      return looked
    },
    {
      pollMs: () => pollMsFor(looks.files),
      ...options,
      directories: () => looks.directories,
      ringer: ring => {
        lookSoon = ring
      },
    },
  )
  await Promise.race([promise, done])
  return {
    lookSoon: () => lookSoon(),
    get objects() {
      return looks.objects
    },
    get lastProof() {
      return looks.lastProof
    },
    get ignored() {
      return looks.ignored
    },
    done,
  }
}

const LONGEST_POLL_MS = 3000

/** A look costs some microseconds for each file (8 on the machine of the tests): thousands of them are looked at more seldom. */
function pollMsFor(files: number): number {
  return Math.min(Math.max(POLL_MS, 2 * files), LONGEST_POLL_MS)
}
