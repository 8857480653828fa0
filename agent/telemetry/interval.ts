// Calls something again and again without keeping the process alive. Tests pass in another.

/** Returns what ends it. */
export type Every = (run: () => void, ms: number) => () => void

export const interval: Every = (run, ms) => {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}
