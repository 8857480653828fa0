// How many searches of others an agent does at once. The next one is refused, not queued: whoever waits has gone by then.

import { RequestError } from '../server/request-error.ts'

export interface ScanLimit {
  /** @throws RequestError where so many run already. */
  run<T>(work: () => Promise<T>): Promise<T>
}

const RETRY_SECONDS = 5

export function createScanLimit(most: number): ScanLimit {
  let running = 0
  return {
    async run(work) {
      if (running >= most)
        throw new RequestError(
          503,
          `Cannot search now: ${most} searches run already, try again in ${RETRY_SECONDS} s`,
          {
            retryAfter: RETRY_SECONDS,
          },
        )
      running++
      try {
        return await work()
      } finally {
        running--
      }
    },
  }
}
