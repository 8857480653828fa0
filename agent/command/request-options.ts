// The parameters of a URL as options of a command, so that both are read and refused by the same code.

import { RequestError } from '../server/request-error.ts'
import { nearestWords, UsageError, WorkError } from './errors.ts'

/** @throws RequestError naming the first that is not known, or that is there twice though it may be there once. */
export function checkParameters(
  parameters: URLSearchParams,
  once: readonly string[],
  lists: readonly string[] = [],
): void {
  const known = [...once, ...lists]
  for (const name of parameters.keys()) {
    if (!known.includes(name)) {
      const near = nearestWords(name, known)
      const right = (near.length > 0 ? near : known).join(', ')
      throw new RequestError(400, `Cannot use parameter "${name}": it can be ${right}`)
    }
    if (once.includes(name) && parameters.getAll(name).length > 1)
      throw new RequestError(400, `Cannot use ${name} twice: it is one value`)
  }
}

/** Undefined where the parameter is not there. */
export function listOf(parameters: URLSearchParams, name: string): readonly string[] | undefined {
  return parameters.has(name) ? parameters.getAll(name) : undefined
}

/** What a command would end with as an answer: its sentence, with the status that it means. */
export function asRequestError(error: unknown): unknown {
  if (error instanceof UsageError) return new RequestError(400, error.message, { cause: error })
  if (error instanceof WorkError) return new RequestError(404, error.message, { cause: error })
  return error
}
