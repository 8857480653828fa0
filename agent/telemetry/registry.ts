// The catalogue as metrics in one of prom-client's registries.

import { Registry } from 'prom-client'
import { catalogue, type MetricName } from './catalogue.ts'
import { Family } from './family.ts'
import { HistogramFamily } from './histogram-family.ts'
import { combinations, type MetricSpec, overflowCombinations } from './metric-spec.ts'

export interface FamiliesOptions {
  readonly seriesCap?: number | undefined
  readonly optional?: readonly string[] | undefined
  readonly now?: (() => number) | undefined
}

export interface Families {
  readonly registry: Registry
  readonly family: (name: MetricName) => Pick<Family, 'series' | 'remove'>
  /** Whether it is kept: optional ones are only where they were asked for. */
  has(name: MetricName): boolean
}

const names = Object.keys(catalogue) as MetricName[]

/** Below it, room for overflow would take more than half of some metric. */
const leastCap = Math.max(...names.map(name => 2 * overflowCombinations(catalogue[name])))

/** @throws RangeError if the cap leaves no room, and where an optional metric is unknown */
export function createFamilies({
  seriesCap = 2000,
  optional = [],
  now = Date.now,
}: FamiliesOptions): Families {
  checkOptional(optional)
  if (seriesCap < leastCap)
    throw new RangeError(`Cannot cap series at ${seriesCap}: the least is ${leastCap}`)
  const registry = openMetricsRegistry()
  const families = new Map<MetricName, Pick<Family, 'series' | 'remove'>>()
  for (const name of names) {
    const spec: MetricSpec = catalogue[name]
    if (spec.isOptional && !optional.includes(name)) continue
    const onOverflow = (): void => families.get('culprit_series_overflow_total')!.series(name).add(1)
    const options = { name, spec, cap: seriesCap, now, onOverflow }
    if (spec.type === 'histogram') families.set(name, new HistogramFamily(options, registry))
    else families.set(name, counterOrGauge(new Family(options), spec, registry))
  }
  return { registry, family: name => families.get(name)!, has: name => families.has(name) }
}

function counterOrGauge(family: Family, spec: MetricSpec, registry: Registry): Family {
  // Its type knows only prom-client's own classes; what it asks for is a name and `get`.
  registry.registerMetric(family as unknown as Parameters<Registry['registerMetric']>[0])
  if (spec.startsAtZero) for (const values of combinations(spec)) family.series(...values)
  return family
}

/** Its type has a constructor without arguments, although exemplars need this one. */
function openMetricsRegistry(): Registry {
  const Made = Registry as unknown as new (contentType: string) => Registry
  return new Made(Registry.OPENMETRICS_CONTENT_TYPE)
}

function checkOptional(asked: readonly string[]): void {
  const known = names.filter(name => (catalogue[name] as MetricSpec).isOptional)
  for (const name of asked)
    if (!known.includes(name as MetricName))
      throw new RangeError(`Cannot keep the metric "${name}": the optional ones are ${known.join(', ')}`)
}
