// `*.jsonl` timelines: one watch event per line, `{"at","type","object"}`, as `kubectl get --watch --output-watch-events -o json`
// prints them plus `at`, and RELIST lines.

import { parseTime, type TimelineEvent } from '../timeline/index.ts'
import { isRecord, type Json } from './field.ts'
import { readKinds, readObject } from './objects.ts'
import type { Problem } from './world-error.ts'

export interface TimelineFile {
  readonly events: readonly TimelineEvent[]
  readonly problems: readonly Omit<Problem, 'file'>[]
  readonly ignored: readonly string[]
  /** The last line is cut and was left out: its writer was stopped in the middle of it. */
  readonly isCut: boolean
}

/** What one line is; a string says what is wrong with it. */
type Line = { readonly event: TimelineEvent } | { readonly ignored: string } | string

export function parseTimeline(text: string): TimelineFile {
  const events: TimelineEvent[] = []
  const problems: Omit<Problem, 'file'>[] = []
  const ignored: string[] = []
  const lines = text.split('\n')
  let isCut = false
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue
    const read = readLine(line)
    if (read === undefined && i === lines.length - 1) isCut = true
    else if (read === undefined) problems.push({ line: i + 1, text: 'it is no JSON' })
    else if (typeof read === 'string') problems.push({ line: i + 1, text: read })
    else if ('event' in read) events.push(read.event)
    else ignored.push(read.ignored)
  }
  return { events, problems, ignored, isCut }
}

function readLine(line: string): Line | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // Not JSON: a problem, or the cut end of a file that is still being written.
    return undefined
  }
  return isRecord(value) ? readEvent(value) : 'it is not an object with "at", "type" and "object"'
}

function readEvent(line: Json): Line {
  const { type } = line
  if (type === 'BOOKMARK' || type === 'ERROR') return { ignored: `${type} event` }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'RELIST') {
    return `"type" is ${JSON.stringify(type)}; it is one of ADDED, MODIFIED, DELETED, RELIST, BOOKMARK`
  }
  const at = typeof line.at === 'string' ? parseTime(line.at) : Number.NaN
  if (Number.isNaN(at))
    return `"at" is ${JSON.stringify(line.at)}; it is the RFC 3339 time of the event (2026-11-22T14:41:02.120Z)`
  return type === 'RELIST' ? readRelist(line, at) : readObjectEvent(line, type, at)
}

function readRelist(line: Json, at: number): Line {
  if (typeof line.kind !== 'string') return '"kind" is missing; a RELIST says which kind was listed anew'
  if (!readKinds.includes(line.kind)) return { ignored: line.kind }
  const lastProof = typeof line.lastProof === 'string' ? parseTime(line.lastProof) : Number.NaN
  if (Number.isNaN(lastProof) && line.lastProof !== undefined && line.lastProof !== null) {
    return `"lastProof" is ${JSON.stringify(line.lastProof)}; it is the RFC 3339 time of the watch's last sign of life`
  }
  return { event: { type: 'RELIST', at, api: line.kind, lastProof } }
}

function readObjectEvent(line: Json, type: 'ADDED' | 'MODIFIED' | 'DELETED', at: number): Line {
  if (line.object === undefined) return '"object" is missing; it is the Kubernetes object of the event'
  const reading = readObject(line.object)
  if (reading.outcome === 'ignored') return { ignored: reading.kind }
  if (reading.outcome === 'wrong') return reading.issues.map(issue => issue.text).join('; ')
  return { event: { type, at, observed: reading.observed } }
}
