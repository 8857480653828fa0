// Figures of this process: the only place besides main.ts that reads them.

/** Resident memory in bytes. */
export function rssBytes(): number {
  return process.memoryUsage.rss()
}

/** Processor time used so far by all threads, user and system, in seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** A monotonic clock, in seconds. */
export function monotonicSeconds(): number {
  return performance.now() / 1000
}
