// The door of telemetry: what the agent says about itself, the metrics it keeps, the figures of its own process, and its ceiling.

export { type Ceiling, type CeilingReadings, createCeiling, type LevelChange } from './ceiling.ts'
export { type Cgroup, type CgroupFigures, openCgroup } from './cgroup.ts'
export { createMetrics } from './create-metrics.ts'
export { type EventLoop, watchEventLoop } from './event-loop.ts'
export type { AgentEvents } from './events.ts'
export { type Actions, actionsAt, type Level, type Trigger } from './levels.ts'
export type { LogLevel } from './log.ts'
export type { Metrics, MetricsOptions } from './metrics.ts'
export type {
  EnforcementFacts,
  FlowFacts,
  OtherFacts,
  PolicyChangeFacts,
  RecordFacts,
} from './record-facts.ts'
export { createSelf, type Self, type SelfSample } from './self.ts'
export { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
export { watchCeiling } from './watch-ceiling.ts'
