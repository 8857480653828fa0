// A line of an agent's answer, read again as what its search found.

import type { Found } from '../forensics/query.ts'
import { type Facts, factsOf, timeOf } from '../forensics/query-facts.ts'
import { WorkError } from './errors.ts'

export interface RemoteFound extends Found {
  readonly id: string | undefined
  /** The record as it was written. */
  readonly text: string
}

/** @throws WorkError where it is no record. */
export function foundOf(line: string, agent: URL): RemoteFound {
  const { first, ...record } = objectOf(line, agent)
  const facts = (first as Facts | undefined) ?? factsOf(record)
  if (facts === undefined) throw noRecord(agent)
  const time = timeOf(record.ts)
  const last = timeOf(record.last)
  return {
    facts,
    isRepeat: first !== undefined,
    time,
    last: Number.isNaN(last) ? time : last,
    n: typeof record.n === 'number' ? record.n : 1,
    id: typeof record.id === 'string' ? record.id : undefined,
    text: first === undefined ? line : JSON.stringify(record),
  }
}

/** @throws WorkError where it is no JSON object. */
export function objectOf(line: string, agent: URL): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Told below, as is JSON of another kind.
  }
  throw noRecord(agent)
}

function noRecord(agent: URL): WorkError {
  return new WorkError(`Cannot query "${agent.href}": its answer is no record, is it a culprit agent`)
}
