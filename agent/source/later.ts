// Time as sources take it: passed in, so that a test can be the clock.

/** Runs something once after so many milliseconds, in a turn of the event loop of its own; the answer calls it off. */
export type Later = (run: () => void, ms: number) => () => void

export const later: Later = (run, ms) => {
  if (ms <= 0) {
    const immediate = setImmediate(run)
    return () => clearImmediate(immediate)
  }
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
