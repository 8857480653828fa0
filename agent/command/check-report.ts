// What the dry run of a format has found, for a person to read.

import { type Flow, type NamedEnd, Reply, verdictNames } from '../../collectors/flow.ts'
import { formatAddress } from '../address.ts'
import { protocolName } from '../forensics/flow-record.ts'
import { printable } from '../forensics/printable.ts'
import { recordTime } from '../forensics/time.ts'
import type { Dryness, Example } from './check-format.ts'
import { foundText } from './found-text.ts'
import { plural } from './plural.ts'

export function checkText(run: Dryness): string {
  const { log } = run
  const sections = [
    `${log.format}:${log.file}: ${plural(run.lines, 'line')}`,
    ...(log.format === 'auto' ? [`  ${foundText(run.found, run.foreign)}`] : []),
    ...countLines(run),
    ...timeLines(run),
    ...neverLines(run),
    ...tableLines(run.first),
  ]
  return `${sections.join('\n')}\n`
}

function countLines(run: Dryness): string[] {
  const flows = [...run.verdicts.values()].reduce((sum, n) => sum + n, 0)
  const verdicts = [...run.verdicts].map(([verdict, n]) => `${n} ${verdict}`).join(', ')
  return [
    `  flows      ${flows}${flows > 0 ? `  (${verdicts})` : ''}`,
    ...(run.notes > 0 ? [`  notes      ${run.notes}`] : []),
    ...(run.losses > 0 ? [`  losses     ${run.losses}`] : []),
    `  foreign    ${run.foreign}`,
    ...run.examples.foreign.map(exampleText),
    `  malformed  ${run.malformed}`,
    ...run.examples.malformed.map(exampleText),
  ]
}

const SHOWN = 110

function exampleText({ line, text, why }: Example): string {
  const plain = printable(text)
  const shown = plain.length > SHOWN ? `${plain.slice(0, SHOWN)}...` : plain
  return `    line ${line}: ${why === undefined ? '' : `${printable(why)}: `}${shown}`
}

function timeLines({ earliest, latest, untimed, verdicts, assumed }: Dryness): string[] {
  if (verdicts.size === 0) return []
  const range =
    earliest > latest
      ? 'none: no flow has a time'
      : `${recordTime(earliest)} to ${recordTime(latest)}${untimed > 0 ? `, ${plural(untimed, 'flow')} without one` : ''}`
  return [`  time       ${range}`, ...(assumed === undefined ? [] : [`             ${assumed}`])]
}

function neverLines({ neverFound, found }: Dryness): string[] {
  const isMapped = found.some(({ format, lines }) => format === 'custom' && lines > 0)
  return neverFound.length === 0 || !isMapped ? [] : [`  mapped, but never found: ${neverFound.join(', ')}`]
}

/** The first flows, as the pipeline would see them. */
function tableLines(first: readonly Flow[]): string[] {
  if (first.length === 0) return []
  const rows = [columns, ...first.map(rowOf)]
  const widths = columns.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  const lines = rows.map(
    row =>
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}`,
  )
  return [
    '',
    first.length === 1
      ? 'the first flow as the pipeline would see it:'
      : `the first ${plural(first.length, 'flow')} as the pipeline would see them:`,
    ...lines,
  ]
}

const columns = ['TIME', 'VERDICT', 'FROM', 'TO', 'PROTO', 'DIRECTION', 'REPLY', 'N', 'REPORTED']

function rowOf(flow: Flow): string[] {
  return [
    recordTime(flow.time) ?? '-',
    flow.event === 0 ? verdictNames[flow.verdict] : `${verdictNames[flow.verdict]} (connection)`,
    nameText(flow.names?.source, flow.sport) ?? endText(flow, 0, flow.sport),
    nameText(flow.names?.destination, flow.dport) ?? `${endText(flow, 4, flow.dport)}${natText(flow)}`,
    `${protocolName(flow.proto) ?? '-'}${flow.icmpType < 0 ? '' : ` ${flow.icmpType}/${Math.max(0, flow.icmpCode)}`}`,
    ['-', 'egress', 'ingress'][flow.direction] ?? '-',
    flow.isReply === Reply.unknown ? '-' : flow.isReply === Reply.yes ? 'yes' : 'no',
    String(flow.count),
    reportedText(flow),
  ]
}

function endText({ address }: Flow, at: number, port: number): string {
  const ip = formatAddress(address, at)
  if (port < 0) return ip
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** Of an end whose address the line hides. */
function nameText(end: NamedEnd | undefined, port: number): string | undefined {
  if (end === undefined) return undefined
  const name = end.name ?? `${end.prefix ?? ''}*`
  return printable(
    `${end.ns === undefined ? `(${end.kind}) ` : `${end.ns}/`}${name}${port < 0 ? '' : `:${port}`}`,
  )
}

/** Where destination NAT sent it. */
function natText(flow: Flow): string {
  if (!flow.hasReply) return ''
  const to = endText(flow, 8, flow.replySport)
  return to === endText(flow, 4, flow.dport) ? '' : ` (${to})`
}

function reportedText({ reported }: Flow): string {
  if (reported === undefined) return '-'
  return (
    printable([reported.policies.join(', '), reported.as ?? ''].filter(text => text !== '').join(': ')) || '-'
  )
}
