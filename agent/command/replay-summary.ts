// What a replay says about itself when it is done.

import type { Counts } from '../counts.ts'
import { rssBytes } from '../telemetry/process.ts'
import type { LogOption } from './log-option.ts'
import { plural } from './plural.ts'

/** The line of `--stats json`. */
export function stats(counts: Counts, seconds: number, cpu: number): string {
  const { lines, flows, denied, allowed, foreign, malformed, records } = counts
  return JSON.stringify({
    lines,
    flows,
    denied,
    allowed,
    foreign,
    malformed,
    records,
    seconds,
    linesPerSecond: seconds > 0 ? Math.round(lines / seconds) : 0,
    cpuSeconds: cpu,
    rssBytes: rssBytes(),
  })
}

/** What a person should know of a replay, a line each; `late` records came out of order, `remarks` are what the logs say of themselves. */
export function summary(
  counts: Counts,
  late: number,
  logs: readonly LogOption[],
  remarks: readonly string[],
): string {
  const flows = [
    `${counts.denied} denied`,
    `${counts.rejected} rejected`,
    `${counts.allowed} allowed`,
    counts.audited && `${counts.audited} audited`,
    counts.unanswered && `${counts.unanswered} unanswered`,
    counts.undecided && `${counts.undecided} without a verdict`,
  ].filter(Boolean)
  const notes = [
    counts.foreign && foreignText(counts, logs),
    counts.malformed && `${plural(counts.malformed, 'line')} could not be read`,
    counts.losses &&
      `${plural(counts.losses, 'gap')} in the evidence${counts.lost ? `, ${plural(counts.lost, 'line')} lost` : ''}`,
    counts.contradictions && `${plural(counts.contradictions, 'flow')} that the policies do not explain`,
    counts.evicted &&
      `${plural(counts.evicted, 'connection')} forgotten before the end, because too many were open`,
    late && `${plural(late, 'record')} written late`,
    ...remarks,
  ].filter(Boolean)
  return [
    `${plural(counts.lines, 'line')}, ${plural(counts.flows, 'flow')}: ${flows.join(', ')}; ${plural(counts.records, 'record')}`,
    ...notes,
  ]
    .map(line => `culprit: ${line}\n`)
    .join('')
}

/** Where nothing at all is of the format that was named, the name is the likely mistake. */
function foreignText({ foreign, flows }: Counts, logs: readonly LogOption[]): string {
  const text = `${plural(foreign, 'line')} of another format`
  return flows > 0 || logs.every(({ format }) => format === 'auto')
    ? text
    : `${text}, and none of ${logs.map(({ format }) => format).join(' or ')}: is that what the log is?`
}
