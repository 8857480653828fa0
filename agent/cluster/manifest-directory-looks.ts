// A directory of manifests as a watch: each look that finds a new state that can be read whole tells what changed, and when. A state that
// cannot be read is refused as a whole; what is certain ends with the last look that could, and begins again with the next.

import type { Looked } from '../look-again.ts'
import type { Observed, TimelineEvent } from '../timeline/index.ts'
import { changeEvents, listEvents, type State } from './manifest-directory-events.ts'
import { withGeneration } from './manifest-directory-generation.ts'
import { type DirectoryLook, lookAtDirectory, type Sight } from './manifest-directory-look.ts'
import { type Contents, createContentsReader } from './manifest-directory-read.ts'
import { latestChange, withStamp } from './manifest-directory-times.ts'
import { readKinds } from './objects.ts'
import { keyOf } from './same-object.ts'

export interface ManifestLooksOptions {
  readonly path: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Of one look, in the order of their times. */
  onEvents(events: readonly TimelineEvent[]): void
  /** One sentence, said again only when it is another; undefined: the directory is well again. */
  onProblem(text: string | undefined): void
  /** What an earlier run told last, and when it last looked: microseconds since 1970. */
  readonly since?: { readonly objects: readonly Observed[]; readonly lastProof: number } | undefined
}

/** Longer than this nobody looked: what changed may have changed more than once. As long as a watch event may be late. */
const BLIND_US = 5_000_000
/** A directory that nobody has touched for so long is read at first sight. */
const OLD_US = 2_000_000

export class ManifestLooks {
  readonly #options: ManifestLooksOptions
  readonly #reader: ReturnType<typeof createContentsReader>
  /** Lists, as the maps of them are needed only while something changes. */
  #told: readonly Observed[]
  /** The file of each. */
  #files: readonly string[] = []
  #ignored: ReadonlyMap<string, number> = new Map()
  /** Nothing has been told yet. */
  #isFirst = true
  #lastProof = Number.NaN
  #judged: string | undefined
  #pending: string | undefined
  #problem: string | undefined
  #isLost = false
  #directories: readonly string[] = []
  #fileCount = 0

  constructor(options: ManifestLooksOptions) {
    this.#options = options
    this.#reader = createContentsReader(options.path)
    this.#told = options.since?.objects ?? []
    this.#lastProof = options.since?.lastProof ?? Number.NaN
  }

  /** As they were told. */
  get objects(): readonly Observed[] {
    return this.#told
  }

  /** The start of the latest look that found the state that was told: microseconds since 1970, NaN before the first. */
  get lastProof(): number {
    return this.#lastProof
  }

  /** Objects of kinds that are not used: kind -> how many. */
  get ignored(): ReadonlyMap<string, number> {
    return this.#ignored
  }

  get directories(): readonly string[] {
    return this.#directories.length > 0 ? this.#directories : [this.#options.path]
  }

  /** How many files there are to look at. */
  get files(): number {
    return this.#fileCount
  }

  /** Never throws: whatever goes wrong is a problem of this look, and everything is told anew by the next one that works. */
  async look(): Promise<Looked> {
    try {
      return await this.#look()
    } catch (error) {
      const { path } = this.#options
      this.#refuse(
        undefined,
        `Cannot follow "${path}": ${error instanceof Error ? error.message : String(error)}`,
      )
      return 'settled'
    }
  }

  async #look(): Promise<Looked> {
    const at = this.#options.now() * 1000
    const sight = lookAtDirectory(this.#options.path)
    if (sight.signature === this.#judged) return this.#confirm(at)
    if (sight.signature !== this.#pending && !isOld(sight, at)) {
      this.#pending = sight.signature
      return 'settling'
    }
    this.#pending = undefined
    if ('trouble' in sight) return this.#refuse(sight.signature, sight.trouble)
    this.#directories = sight.directories
    this.#fileCount = sight.files.size
    return this.#read(sight, at)
  }

  /** Nothing has changed since the last look that was judged. */
  #confirm(at: number): Looked {
    this.#pending = undefined
    if (this.#problem === undefined) this.#lastProof = at
    return 'settled'
  }

  async #read(sight: DirectoryLook, at: number): Promise<Looked> {
    const contents = await this.#reader.read(sight.files)
    // What changed while it was read may be half of one state and half of the other.
    if (lookAtDirectory(this.#options.path).signature !== sight.signature) return 'settling'
    if (typeof contents === 'string') return this.#refuse(sight.signature, contents)
    this.#judged = sight.signature
    const told = new Map(this.#told.map(observed => [keyOf(observed), observed]))
    this.#tell(told, { look: sight, contents, objects: withGenerations(told, contents), at })
    if (this.#problem !== undefined) this.#options.onProblem(undefined)
    this.#problem = undefined
    return 'settled'
  }

  #isBlind(at: number): boolean {
    return this.#isLost || at - this.#lastProof > BLIND_US
  }

  /** `signature`: of the state that is refused, so that it is not read again; undefined where it has to be. */
  #refuse(signature: string | undefined, problem: string): Looked {
    this.#judged = signature
    if (problem !== this.#problem) this.#options.onProblem(problem)
    this.#problem = problem
    const at = this.#lastProof
    if (!this.#isLost && !Number.isNaN(at)) {
      this.#isLost = true
      this.#options.onEvents(readKinds.map(api => ({ type: 'LOST', at, api })))
    }
    return 'settled'
  }

  #tell(told: ReadonlyMap<string, Observed>, state: State): void {
    const events = this.#eventsOf(told, state)
    this.#told = [...asTold(state.objects, events).values()]
    this.#files = [...state.contents.objects.values()].map(({ file }) => file)
    this.#ignored = state.contents.ignored
    if (events.length > 0) this.#options.onEvents(events)
    this.#isFirst = false
    this.#isLost = false
    this.#lastProof = state.at
  }

  #eventsOf(objects: ReadonlyMap<string, Observed>, state: State): TimelineEvent[] {
    const files = new Map([...objects.keys()].map((key, i) => [key, this.#files[i]!]))
    const told = { objects, files, lastProof: this.#lastProof }
    if (this.#isFirst || this.#isLost) return listEvents(told, state)
    const changes = changeEvents(told, state)
    return changes.length > 0 && this.#isBlind(state.at) ? listEvents(told, state) : changes
  }
}

function isOld(sight: Sight, at: number): boolean {
  return 'files' in sight && latestChange(sight) < at - OLD_US
}

function withGenerations(told: ReadonlyMap<string, Observed>, { objects }: Contents): Map<string, Observed> {
  return new Map(
    [...objects].map(([key, { observed }]) => {
      const before = told.get(key)
      return [key, withStamp(before, withGeneration(before, observed))]
    }),
  )
}

/** With the times that the events gave them. */
function asTold(
  objects: ReadonlyMap<string, Observed>,
  events: readonly TimelineEvent[],
): ReadonlyMap<string, Observed> {
  const told = new Map(objects)
  for (const event of events)
    if (event.type === 'ADDED' || event.type === 'MODIFIED') told.set(keyOf(event.observed), event.observed)
  return told
}
