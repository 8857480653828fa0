// What a format can tell, from its collector and the lines of its tests: nothing here is written by hand, so nothing can be forgotten.

import type { CollectorOptions, Format } from '../../collectors/collector.ts'
import { Outcome } from '../../collectors/collector.ts'
import {
  copyFlow,
  Direction,
  Event,
  type Flow,
  Notice,
  Reply,
  Span,
  verdictNames,
} from '../../collectors/flow.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fixtureFolder, fixturesOf } from '../../test/collectors/fixtures.ts'
import { fileLines, options, readOne } from '../../test/collectors/flows.ts'

export type Share = 'always' | 'sometimes' | 'never'

export interface Facts {
  readonly verdicts: readonly string[]
  /** By the field's name, in the order of a flow. */
  readonly fields: readonly { readonly name: string; readonly meaning: string; readonly share: Share }[]
  /** Resolutions of its stamps in microseconds, finest first. */
  readonly precisions: readonly number[]
  readonly needsZone: boolean
  readonly needsYear: boolean
  readonly readsPrefixes: boolean
}

const fieldRows: readonly (readonly [string, string, (flow: Flow) => boolean])[] = [
  ['time', 'when', flow => !Number.isNaN(flow.time)],
  ['window', 'the stretch of time that the line sums up', flow => flow.window > 0],
  ['addresses', '', flow => flow.names === undefined],
  ['names', 'of ends whose addresses the line hides', flow => flow.names !== undefined],
  ['protocol', '', flow => flow.proto >= 0],
  ['ports', 'of TCP, UDP and SCTP', flow => flow.sport >= 0 || flow.dport >= 0],
  ['ICMP type and code', '', flow => flow.icmpType >= 0],
  ['TCP flags', 'who opened the connection', flow => flow.tcpFlags > 0],
  ['direction', 'egress or ingress, as the pod sees it', flow => flow.direction !== Direction.none],
  ['is-reply', 'whether the packet is an answer', flow => flow.isReply !== Reply.unknown],
  ['translated ends', 'both ends after NAT', flow => flow.hasReply],
  ['connection event', 'begin, end or entry of a tracked connection', flow => flow.event !== Event.none],
  ['interfaces', 'in and out', flow => flow.spans[Span.in + 1]! > 0 || flow.spans[Span.out + 1]! > 0],
  ['prefix', "the rule's own text", flow => flow.spans[Span.prefix + 1]! > 0],
  ['packets', 'of the original direction', flow => flow.packets > 0],
  ['bytes', 'of the original direction', flow => flow.bytes > 0],
  ['count', 'packets or connections that the line stands for', flow => flow.count > 1],
  ['lost', 'how many events its producer lost before it', flow => flow.lost > 0],
  [
    'policies',
    'named by the CNI itself (`reported.policies`)',
    flow => (flow.reported?.policies.length ?? 0) > 0,
  ],
  ['words', "the CNI's own (`reported.as`)", flow => flow.reported?.as !== undefined],
  ['notice', 'which of several lines about one packet it is', flow => flow.notice !== Notice.none],
]

export function factsOf(format: Format): Facts {
  const { flows, zoned } = read(format, options)
  const prefixes = [...new Set(flows.map(({ prefix }) => prefix))]
  const configured = prefixes.map(prefix => ({ prefix, verdict: 'audited' as const }))
  const other = read(format, { ...options, year: 2025 }).flows
  const told = read(format, { ...options, prefixes: configured }).flows
  return {
    verdicts: format.claims,
    fields: fieldRows.map(([name, meaning, isSet]) => ({
      name,
      meaning,
      share: shareOf(
        flows.map(({ flow }) => flow),
        isSet,
      ),
    })),
    precisions: [
      ...new Set(flows.filter(({ flow }) => !Number.isNaN(flow.time)).map(({ flow }) => flow.precision)),
    ].sort((a, b) => a - b),
    needsZone: zoned > 0,
    needsYear: flows.some(({ flow }, i) => !Object.is(flow.time, other[i]!.flow.time)),
    readsPrefixes:
      !format.claims.includes('audited') && told.some(({ flow }) => verdictNames[flow.verdict] === 'audited'),
  }
}

interface Read {
  readonly flow: Flow
  readonly prefix: string
}

function read(format: Format, given: CollectorOptions): { flows: readonly Read[]; zoned: number } {
  const flows: Read[] = []
  let zoned = 0
  for (const name of fixturesOf(format.name)) {
    const collector = createUnwrapper(format, given)
    for (const line of fileLines(new URL(name, fixtureFolder(format.name)))) {
      const { outcome, flow } = readOne(collector, line)
      if (outcome !== Outcome.flow) continue
      const prefix = Buffer.from(line.subarray(flow.spans[Span.prefix], flow.spans[Span.prefix + 1]))
      flows.push({ flow: copyFlow(flow), prefix: prefix.toString().trim() })
    }
    zoned += collector.zoned
  }
  return { flows, zoned }
}

function shareOf(flows: readonly Flow[], isSet: (flow: Flow) => boolean): Share {
  const set = flows.filter(isSet).length
  if (set === 0) return 'never'
  return set === flows.length ? 'always' : 'sometimes'
}
