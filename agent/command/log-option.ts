// The value of `--log`: FORMAT[,option=value...]:FILE (DESIGN sections 8 and 12).

import { parseZone } from '../../collectors/clock.ts'
import type { PrefixVerdict } from '../../collectors/collector.ts'
import { nearestWords, UsageError } from './errors.ts'

export interface LogOption {
  readonly format: string
  /** As written; undefined means the machine's zone. */
  readonly zone: string | undefined
  readonly year: number | undefined
  readonly prefixes: readonly PrefixVerdict[]
  /** `-` is standard input. */
  readonly file: string
}

/** The log as a sentence names it. */
export function nameOf({ file }: LogOption): string {
  return file === '-' ? 'standard input' : `"${file}"`
}

/** Every FORMAT of the contract, so that a known one is never called unknown. */
export const contractFormats: readonly string[] =
  `conntrack netfilter-log ulogd hubble antrea-np antrea-flow ovn-acl kube-ovn-acl aws-npa gke-policy-action calico-flows
   calico-whisker calico-felix-denied kube-network-policies weave-npc vpc-flow custom auto`.split(/\s+/)

const verdictWords = ['allowed', 'denied', 'rejected', 'audited', 'none'] as const
const optionNames = ['zone', 'year', 'verdict'] as const

/**
 * Reads one `--log` value, or one of another option of its form. `readable` are the formats this build has a collector for.
 * @throws UsageError naming the part that is wrong and what would be right.
 */
export function parseLogOption(value: string, readable: readonly string[], option = '--log'): LogOption {
  const cannot = `Cannot read ${option} "${value}"`
  const format = /^[^,:]*/.exec(value)![0]
  checkFormat(format, cannot, readable)
  let at = format.length
  let zone: string | undefined
  let year: number | undefined
  const prefixes: PrefixVerdict[] = []
  while (value[at] === ',') {
    const option = readOption(value, at + 1, cannot)
    at = option.end
    if (option.name === 'zone') zone = checkZone(option.value, cannot)
    else if (option.name === 'year') year = checkYear(option.value, cannot)
    else prefixes.push(checkVerdict(option.value, cannot))
  }
  if (value[at] !== ':' || at + 1 === value.length)
    throw new UsageError(
      `${cannot}: no FILE after a colon, as in "${format}:/var/log/kern.log" or "${format}:-"`,
    )
  return { format, zone, year, prefixes, file: value.slice(at + 1) }
}

function checkFormat(format: string, cannot: string, readable: readonly string[]): void {
  if (readable.includes(format)) return
  if (contractFormats.includes(format))
    throw new UsageError(
      `${cannot}: this version has no collector for "${format}" yet, it reads ${readable.join(', ')}`,
    )
  const near = nearestWords(format, readable)
  throw new UsageError(
    `${cannot}: "${format}" is no format, ${near.length > 0 ? `did you mean ${near.join(' or ')}` : `it can be ${readable.join(', ')}`}`,
  )
}

function readOption(
  value: string,
  start: number,
  cannot: string,
): { name: string; value: string; end: number } {
  const name = /^[^=,:]*/.exec(value.slice(start))![0]
  if (!(optionNames as readonly string[]).includes(name) || value[start + name.length] !== '=')
    throw new UsageError(
      `${cannot}: "${name}" is no option of a log, it can be ${optionNames.map(o => `${o}=`).join(', ')}`,
    )
  const rest = value.slice(start + name.length + 1)
  // An offset's colon belongs to zone=; any other colon begins FILE.
  const offset = name === 'zone' ? /^[+-]\d\d:\d\d/.exec(rest) : null
  const text = offset ? offset[0] : /^[^,:]*/.exec(rest)![0]
  return { name, value: text, end: start + name.length + 1 + text.length }
}

function checkZone(zone: string, cannot: string): string {
  if (parseZone(zone, 'UTC') !== undefined) return zone
  throw new UsageError(
    `${cannot}: "${zone}" is no zone, it can be UTC, +02:00 or a name such as Europe/Berlin`,
  )
}

function checkYear(year: string, cannot: string): number {
  if (!/^(19[7-9]|[2-9]\d\d)\d$/.test(year))
    throw new UsageError(`${cannot}: "${year}" is no year, as in year=2026`)
  return Number(year)
}

function checkVerdict(text: string, cannot: string): PrefixVerdict {
  const equals = text.indexOf('=')
  const prefix = equals < 0 ? '' : decodePercent(text.slice(0, equals), cannot)
  const word = text.slice(equals + 1)
  if (equals < 0 || !(verdictWords as readonly string[]).includes(word))
    throw new UsageError(
      `${cannot}: "verdict=${text}" is not verdict=PREFIX=WORD with WORD one of ${verdictWords.join(', ')}`,
    )
  return { prefix: prefix.trim(), verdict: word as PrefixVerdict['verdict'] }
}

function decodePercent(text: string, cannot: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UsageError(`${cannot}: "${text}" has a % that is not followed by two hexadecimal digits`)
  }
}
