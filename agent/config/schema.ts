// Everything an operator may set, as one schema: what each setting means, its unit in its name, its bounds and its default.

import * as z from 'zod'
import { profiles } from '../policy/profile.ts'
import { custom } from './custom.ts'
import { DEFAULTS } from './defaults.ts'
import { source } from './source.ts'
import { listenAddress, oneOf, PREFIXES_MEANING, prefixes, share, text, whole } from './values.ts'

const host = z.strictObject({
  logDirectory: text
    .default(DEFAULTS.host.logDirectory)
    .describe("Where the node's `/var/log` is: what known CNIs write is looked for there."),
  procDirectory: text.default(DEFAULTS.host.procDirectory).describe("Where the node's `/proc` is."),
})

const externalPrefix = z.strictObject({
  ipv4: whole({ min: 0, max: 32, unit: 'bits' })
    .default(DEFAULTS.records.externalPrefix.ipv4)
    .describe('How many leading bits of an IPv4 address are kept.'),
  ipv6: whole({ min: 0, max: 128, unit: 'bits' })
    .default(DEFAULTS.records.externalPrefix.ipv6)
    .describe('How many leading bits of an IPv6 address are kept.'),
})

const records = z.strictObject({
  directory: text
    .default(DEFAULTS.records.directory)
    .describe('The directory in which records are kept, made where it is missing. `off`: none are kept.'),
  segmentMebibytes: whole({ min: 1, max: 1024, unit: 'MiB' })
    .default(DEFAULTS.records.segmentMebibytes)
    .describe('A segment is closed and compressed at this size, before compression, in MiB.'),
  segmentMinutes: whole({ min: 1, max: 10_080, unit: 'minutes' })
    .default(DEFAULTS.records.segmentMinutes)
    .describe('A segment is closed and compressed at this age, in minutes.'),
  budgetMebibytes: whole({ min: 1, max: 1_048_576, unit: 'MiB' })
    .default(DEFAULTS.records.budgetMebibytes)
    .describe(
      'All segments together on the disk, in MiB: beyond it the oldest are removed, and a record says so.',
    ),
  heldMebibytes: whole({ min: 1, max: 1024, unit: 'MiB' })
    .default(DEFAULTS.records.heldMebibytes)
    .describe(
      'Records that wait in memory while they cannot be written, in MiB: beyond it they are discarded and counted.',
    ),
  checkpointSeconds: whole({ min: 1, max: 3600, unit: 'seconds' })
    .default(DEFAULTS.records.checkpointSeconds)
    .describe('How often a checkpoint of the chain is written, in seconds.'),
  allowed: oneOf(['count', 'full'])
    .default(DEFAULTS.records.allowed)
    .describe('Allowed flows: `count` them, or write a record of each (`full`).'),
  externalAddresses: oneOf(['keep', 'omit', 'prefix'])
    .default(DEFAULTS.records.externalAddresses)
    .describe('Addresses outside of the cluster in records: `keep`, `omit`, or shorten them to a `prefix`.'),
  externalPrefix: externalPrefix
    .prefault({})
    .describe('How much of an external address is kept with `externalAddresses: prefix`.'),
})

const output = z.strictObject({
  records: oneOf(['auto', 'json', 'lines', 'off'])
    .default(DEFAULTS.output.records)
    .describe(
      'Records on standard output: `json`, `lines` for people, or `off`. `auto`: lines on a terminal, else json.',
    ),
})

const state = z.strictObject({
  directory: text
    .optional()
    .describe(
      'Where positions in the logs and unwritten counts are kept over a restart. `off`: nowhere (default: the directory `state` in records.directory).',
    ),
})

const history = z.strictObject({
  minutes: whole({ min: 1, max: 1440, unit: 'minutes' })
    .default(DEFAULTS.history.minutes)
    .describe("How long the cluster's past is remembered, in minutes: older flows are answered `unknown`."),
})

const limits = z.strictObject({
  cpuCores: share({ min: 0.01, max: 1024, unit: 'cores' })
    .optional()
    .describe("The agent's ceiling of CPU, in cores (default: its cgroup's limit)."),
  memoryMebibytes: whole({ min: 32, max: 1_048_576, unit: 'MiB' })
    .optional()
    .describe("The agent's ceiling of memory, in MiB (default: its cgroup's limit)."),
})

const http = z.strictObject({
  listen: listenAddress
    .default(DEFAULTS.http.listen)
    .describe('Where `/metrics` and the API listen: HOST:PORT, port 0 for any free one.'),
  probesListen: listenAddress
    .default(DEFAULTS.http.probesListen)
    .describe('Where `/healthz` and `/readyz` listen: HOST:PORT, port 0 for any free one.'),
})

const log = z.strictObject({
  level: oneOf(['debug', 'info', 'warn', 'error'])
    .default(DEFAULTS.log.level)
    .describe("Which of the agent's own events are written to standard error: this level and above."),
})

export const configSchema = z.strictObject({
  node: text
    .optional()
    .describe(
      'The name of this node, as the cluster has it (default: `NODE_NAME`, else the name of the host).',
    ),
  manifests: text
    .optional()
    .describe(
      "A directory of manifests (YAML, JSON, lists, subdirectories): the cluster's state. It is read again when it changes.",
    ),
  profile: oneOf(['auto', ...profiles])
    .default(DEFAULTS.profile)
    .describe('The CNI to follow where CNIs differ. `auto`: the one that is found, else `upstream`.'),
  sources: z
    .union([
      z.literal('auto'),
      z.array(source).min(1, { error: 'it lists no source: name one, or say auto' }),
    ])
    .default(DEFAULTS.sources)
    .describe('What is read: `auto` finds what known CNIs write; or a list of sources.'),
  prefixes: prefixes.default(DEFAULTS.prefixes).describe(PREFIXES_MEANING),
  host: host.prefault({}).describe("Where the node's directories are mounted."),
  records: records.prefault({}).describe('Records at rest.'),
  output: output.prefault({}).describe('Standard output.'),
  state: state.prefault({}).describe('What the agent remembers over a restart.'),
  history: history.prefault({}).describe("The cluster's past."),
  limits: limits.prefault({}).describe("The agent's own ceiling; before it is reached, work is shed."),
  http: z
    .union([z.literal('off'), http])
    .prefault({})
    .describe('The HTTP servers. `off`: there are none.'),
  log: log.prefault({}).describe("The agent's own events."),
  custom: custom
    .optional()
    .describe('What the fields of the FORMAT `custom` are: see docs/formats/custom.md.'),
})

/** A whole configuration, with its defaults. */
export type Config = Readonly<z.output<typeof configSchema>>
