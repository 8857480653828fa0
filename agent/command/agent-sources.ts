// From the configuration's sources to those that the agent opens: which collector reads the lines, and what hands them on.

import { createAuto } from '../../collectors/auto.ts'
import { parseZone } from '../../collectors/clock.ts'
import type { BootClock, Collector, CollectorOptions, Format } from '../../collectors/collector.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import {
  type Config,
  type FileSource,
  type KernelSource,
  patternsOf,
  prefixesOf,
  type SourceConfig,
  sourceText,
} from '../config.ts'
import { fingerprint } from '../forensics/id.ts'
import { openConntrackEvents } from '../source/conntrack-events.ts'
import { openFollowedFiles } from '../source/followed-files.ts'
import { openJournal } from '../source/journal.ts'
import { openKmsg } from '../source/kmsg.ts'
import { createKernelClock } from '../source/kmsg-clock.ts'
import { openStandardInput } from '../source/standard-input.ts'
import type { SourceSpec } from '../sources.ts'
import type { Io } from './io.ts'
import { formatsOf } from './log-format.ts'

/** Every source of the list; `found` are those that were found by themselves. */
export function specsOf(sources: readonly SourceConfig[], config: Config, io: Io): readonly SourceSpec[] {
  return sources.map(source => specOf(source, config, io))
}

function specOf(source: SourceConfig, config: Config, io: Io): SourceSpec {
  const { procDirectory: proc } = config.host
  const base = {
    title: sourceText(source),
    identity: JSON.stringify([source, config.prefixes, config.custom, config.host]),
    isSpared: false,
  }
  const collect = (format: string, bootTime?: BootClock) => () =>
    collectorOf(format, optionsOf(source, config, io, bootTime), config)
  if ('conntrack' in source)
    return {
      ...base,
      name: 'conntrack',
      format: 'conntrack',
      isSpared: true,
      createCollector: collect('conntrack'),
      open: receiver => openConntrackEvents({ receiver, now: io.now, proc }),
    }
  if ('kernel' in source) return { ...base, ...kernelSpec(source, collect, io) }
  if ('standardInput' in source)
    return {
      ...base,
      name: `${source.format} standard input`,
      format: source.format,
      createCollector: collect(source.format),
      open: receiver => openStandardInput({ receiver, format: source.format, input: io.stdin() }),
    }
  return { ...base, ...fileSpec(source), createCollector: collect(source.format) }
}

type Collect = (format: string, bootTime?: BootClock) => () => Collector

function kernelSpec(
  { kernel, begin }: KernelSource,
  collect: Collect,
  { now }: Io,
): Pick<SourceSpec, 'name' | 'format' | 'createCollector' | 'open'> {
  const format = 'netfilter-log'
  if (kernel === 'journal')
    return {
      name: 'journal',
      format,
      createCollector: collect(format),
      open: (receiver, from) => openJournal({ receiver, from, begin, now }),
    }
  const clock = createKernelClock({ now })
  return {
    name: 'kmsg',
    format,
    createCollector: collect(format, clock),
    open: (receiver, from) => openKmsg({ receiver, from, begin, now, clock }),
  }
}

const begins = { start: 'file', end: 'end', rotated: 'rotated' } as const

function fileSpec(source: FileSource): Pick<SourceSpec, 'name' | 'format' | 'open'> {
  const { format, begin } = source
  const patterns = patternsOf(source)
  return {
    name: `${format} ${patterns.join(' ')}`,
    format,
    open: (receiver, from) =>
      openFollowedFiles({
        format,
        patterns,
        receiver,
        from,
        begin: begins[begin],
        identify: fingerprint,
      }),
  }
}

function optionsOf(
  source: SourceConfig,
  config: Config,
  io: Io,
  bootTime: BootClock | undefined,
): CollectorOptions {
  const zone = 'zone' in source ? source.zone : undefined
  const year = 'year' in source ? source.year : undefined
  return {
    zone: parseZone(zone, io.zone)!,
    year: year ?? new Date(io.now()).getUTCFullYear(),
    prefixes: prefixesOf(config, source),
    bootTime: bootTime ?? Number.NaN,
  }
}

function collectorOf(name: string, options: CollectorOptions, config: Config): Collector {
  const known = formatsOf(config)
  const format = known.find(each => each.name === name)
  return format === undefined ? autoCollector(known, options) : createUnwrapper(format, options)
}

/** The format of each line is told from it. */
function autoCollector(known: readonly Format[], options: CollectorOptions): Collector {
  const auto = createAuto(known, options)
  return {
    read: (bytes, start, end, flow) => auto.read(bytes, start, end, flow),
    get format() {
      return known[auto.at]?.name
    },
  }
}
