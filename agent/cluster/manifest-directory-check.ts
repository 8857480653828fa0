// A directory of manifests, looked at once: for those who ask whether it is right.

import { lookAtDirectory } from './manifest-directory-look.ts'
import { createContentsReader } from './manifest-directory-read.ts'

export interface ManifestsFound {
  readonly files: number
  /** The kind as the API has it -> how many. */
  readonly kinds: ReadonlyMap<string, number>
  /** Of kinds that are not used. */
  readonly ignored: ReadonlyMap<string, number>
}

/** A string says what is wrong, in one sentence. */
export async function checkManifests(path: string): Promise<ManifestsFound | string> {
  const look = lookAtDirectory(path)
  if ('trouble' in look) return look.trouble
  const contents = await createContentsReader(path).read(look.files)
  if (typeof contents === 'string') return contents
  const kinds = new Map<string, number>()
  for (const { observed } of contents.objects.values())
    kinds.set(observed.api, (kinds.get(observed.api) ?? 0) + 1)
  return { files: look.files.size, kinds, ignored: contents.ignored }
}
