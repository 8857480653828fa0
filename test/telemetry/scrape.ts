// What a test sees of metrics: their samples by name and labels.

import type { Metrics } from '../../agent/telemetry/index.ts'

/** `name{label="value"}` to value; those that are 0 are left out. */
export async function scrape(metrics: Metrics): Promise<Readonly<Record<string, number>>> {
  const { body } = await metrics.render()
  const samples = body
    .toString()
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.replace(/ # \{.*/, ''))
    .map(
      line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const,
    )
  return Object.fromEntries(samples.filter(([, value]) => value !== 0))
}

/** The labels and values of one metric. */
export function of(
  samples: Readonly<Record<string, number>>,
  name: string,
): Readonly<Record<string, number>> {
  const own = Object.entries(samples).filter(([key]) => key === name || key.startsWith(`${name}{`))
  return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length), value]))
}
