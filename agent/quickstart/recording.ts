// The recording of a real run: what the kernel and conntrack wrote and when a policy was edited, as files that `culprit replay`
// reads as they are. `test/sandbox/record.ts` makes it anew.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WatchEvent } from './edit.ts'
import type { Source } from './quickstart.ts'

export const files = { kernel: 'kernel.log', conntrack: 'conntrack.log', timeline: 'timeline.jsonl' } as const

/** One line or one event, at its microsecond since 1970. */
export type Entry =
  | { readonly at: number; readonly source: Source; readonly line: string }
  | { readonly at: number; readonly event: WatchEvent }

/** Sorted by time; entries of the same time stay in the order kernel, conntrack, timeline. */
export function readRecording(folder: string): Entry[] {
  const linesOf = (name: string) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter(line => line !== '')
  const entries: Entry[] = [
    ...linesOf(files.kernel).map(line => ({ at: kernelTime(line), source: 'netfilter-log' as const, line })),
    ...linesOf(files.conntrack).map(line => ({
      at: conntrackTime(line),
      source: 'conntrack' as const,
      line,
    })),
    ...linesOf(files.timeline).map(line => {
      const event = JSON.parse(line) as WatchEvent
      return { at: Date.parse(event.at) * 1000, event }
    }),
  ]
  return entries.sort((a, b) => a.at - b.at)
}

/** `2026-11-24T18:34:05.140418+00:00 worker-1 kernel: …`, the form that rsyslog writes. */
function kernelTime(line: string): number {
  return Date.parse(`${line.slice(0, 23)}Z`) * 1000 + Number(line.slice(23, 26))
}

/** `[1795545245.475833] …` */
function conntrackTime(line: string): number {
  const [seconds, micros] = line.slice(1, line.indexOf(']')).split('.')
  return Number(seconds) * 1_000_000 + Number(micros)
}

/** The line as it would have been written at another time. */
export function restamped(source: Source, line: string, at: number): string {
  if (source === 'netfilter-log') return kernelStamp(at) + line.slice(line.indexOf(' '))
  const stamp = `${Math.floor(at / 1_000_000)}.${micros(at % 1_000_000)}`
  return `[${stamp}${line.slice(line.indexOf(']'))}`
}

function kernelStamp(at: number): string {
  return `${new Date(Math.floor(at / 1000)).toISOString().slice(0, 23)}${micros(at % 1000).slice(3)}+00:00`
}

function micros(value: number): string {
  return String(value).padStart(6, '0')
}

/** A record of `/dev/kmsg` as rsyslog would have written it on that node. */
export function kernelLine(record: string, bootTime: number, nodeName: string): string {
  const head = record.indexOf(';')
  const stamp = Number(record.slice(0, head).split(',')[2])
  return `${kernelStamp(bootTime + stamp)} ${nodeName} kernel: ${record.slice(head + 1)}`
}

/** Collects a run and writes it down. */
export interface Recorder {
  add(source: Source, bytes: Uint8Array): void
  edited(event: WatchEvent): void
  /** Answers the number of bytes written. @throws when the folder cannot be written. */
  write(folder: string, bootTime: number, nodeName: string): number
}

/** `before` is the state of what will be edited, which the timeline has to begin with. */
export function createRecorder(before: WatchEvent): Recorder {
  const events = [before]
  const chunks = { 'netfilter-log': [] as Uint8Array[], conntrack: [] as Uint8Array[] }
  const text = (source: Source) => Buffer.concat(chunks[source]).toString('latin1')
  return {
    add: (source, bytes) => void chunks[source].push(bytes),
    edited: event => void events.push(event),
    write(folder, bootTime, nodeName) {
      const records = text('netfilter-log')
        .split('\n')
        .filter(record => record !== '')
      const contents: [name: string, content: string][] = [
        [files.kernel, records.map(record => `${kernelLine(record, bootTime, nodeName)}\n`).join('')],
        [files.conntrack, text('conntrack')],
        [files.timeline, events.map(event => `${JSON.stringify(event)}\n`).join('')],
      ]
      mkdirSync(folder, { recursive: true })
      for (const [name, content] of contents) writeFileSync(join(folder, name), content, 'latin1')
      return contents.reduce((sum, [, content]) => sum + content.length, 0)
    },
  }
}
