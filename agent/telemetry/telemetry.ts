// Events and metrics of one agent, made together so that every event is both logged and counted.

import { createEvents } from './create-events.ts'
import { metricsOver } from './create-metrics.ts'
import type { AgentEvents } from './events.ts'
import { createLog, type LogLevel, type LogOptions } from './log.ts'
import type { Metrics, MetricsOptions } from './metrics.ts'
import { createFamilies } from './registry.ts'

export interface TelemetryOptions extends LogOptions, Omit<MetricsOptions, 'now'> {}

export interface Telemetry extends AgentEvents {
  readonly metrics: Metrics
  setLevel(level: LogLevel): void
  /** Says what was held back and is due: to be called every few seconds. */
  settle(): void
}

/** @throws RangeError as `createMetrics` does */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const families = createFamilies(options)
  const log = createLog(options)
  const { events, settle } = createEvents({ log, families, now: options.now })
  return { ...events, metrics: metricsOver(families, options), setLevel: log.setLevel, settle }
}
