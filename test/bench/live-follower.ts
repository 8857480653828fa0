// Who follows a log in the live benches: started on two files, it says how many lines of the busy one it has taken, and writes what it
// makes of the denials into a file.

export interface Place {
  readonly dir: string
  /** Connections, many. */
  readonly busy: string
  /** Denials. */
  readonly denials: string
}

export interface Following {
  readonly pid: number
  /** Lines that it has taken so far. */
  lines(): Promise<Taken>
  /** The file that denials arrive in; undefined while there is none. */
  readonly arrivals: () => string | undefined
  /** How a denial stands there, its port in the first group. */
  readonly pattern: RegExp
  stop(): Promise<void>
}

export interface Taken {
  readonly busy: number
  readonly denials: number
}

export interface Follower {
  readonly name: string
  /** What is wanting to run it here. */
  readonly missing?: string
  /** Resolves when it follows both files, which are there and empty. */
  start(place: Place): Promise<Following>
}

/** How often those look at a file that must ask for it, when they are to be quick: they also run as they come. */
export const HURRIED_MS = 10

/** A line of a log as it is. */
export const asLogged = / DPT=(\d+) /g
