// The two ways a command ends badly.

export { nearestWords } from '../nearest-words.ts'

/** The call or the configuration is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The call was right and the work could not be done: exit code 1. */
export class WorkError extends Error {
  override readonly name = 'WorkError'
}
