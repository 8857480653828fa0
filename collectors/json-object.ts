// For formats that are JSON and not hot: JSON.parse of the whole line, and the few kinds of values that logs have.

import { parseAddress } from '../agent/address.ts'
import { type Clock, scanIso } from './clock.ts'
import type { Flow } from './flow.ts'

export type Json = Readonly<Record<string, unknown>>

const decoder = new TextDecoder()

/** The object that the line is, or undefined: anything else, or cut. */
export function parseObject(bytes: Uint8Array, start: number, end: number): Json | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(start, end)))
    return isObject(value) ? value : undefined
  } catch {
    // Cut or damaged: the caller knows whether it carries the format's marker.
    return undefined
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** An integer from 0 to `max`, written as a number or, as uint64 are, as a string; -1 for anything else. */
export function integerIn(value: unknown, max: number): number {
  const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= max ? number : -1
}

/** Reads an address into four words at `slot`; false when it is none. */
export function takeAddress(value: unknown, flow: Flow, slot: number): boolean {
  const words = typeof value === 'string' ? parseAddress(value) : undefined
  if (words === undefined) return false
  flow.address.set(words, slot)
  return true
}

/** Room for a stamp and the byte behind it that scanners stop at. */
const room = new Uint8Array(80)
const encoder = new TextEncoder()
/** Beyond this, seconds since 1970 are no seconds. */
const MOST_SECONDS = 1e11

/** Reads an ISO stamp or seconds since 1970, with a fraction or none, into `flow.time`; false when it is neither. */
export function takeTime(value: unknown, flow: Flow, clock: Clock): boolean {
  if (typeof value === 'number') return takeSeconds(value, flow)
  if (typeof value !== 'string' || value.length > 64) return false
  if (/^\d{9,12}(\.\d+)?$/.test(value)) return takeSeconds(Number(value), flow)
  const { written } = encoder.encodeInto(value, room)
  room[written] = 10
  if (scanIso(room, 0, clock) !== written) return false
  flow.time = clock.time
  flow.precision = clock.precision
  return true
}

function takeSeconds(seconds: number, flow: Flow): boolean {
  if (!(seconds > 0 && seconds < MOST_SECONDS)) return false
  flow.time = Math.round(seconds * 1_000_000)
  flow.precision = Number.isInteger(seconds) ? 1_000_000 : 1
  return true
}
