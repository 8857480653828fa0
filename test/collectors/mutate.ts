// Random damage to lines, the same for the same seed.

import { type Collector, Outcome } from '../../collectors/collector.ts'
import { createFlow } from '../../collectors/flow.ts'
import { createRandom } from '../bench/generate.ts'
import { invalidity } from './flows.ts'

export type Pick = (below: number) => number

export interface Fuzz {
  /** What the collector may claim. */
  readonly claims: readonly string[]
  readonly mutations: number
  /** Stops earlier after so many seconds, on a slow machine. */
  readonly seconds: number
  readonly seed: number
}

/** Feeds damaged lines to the collector; how many, and what went wrong with the last one. */
export function fuzz(
  collector: Collector,
  lines: readonly Uint8Array[],
  { claims, mutations, seconds, seed }: Fuzz,
): { readonly done: number; readonly wrong: string | undefined } {
  const random = createRandom(seed)
  const pick: Pick = below => Math.floor(random() * below)
  const flow = createFlow()
  const started = process.hrtime.bigint()
  for (let done = 0; done < mutations; done++) {
    if (done % 1000 === 0 && Number(process.hrtime.bigint() - started) > seconds * 1e9)
      return { done, wrong: undefined }
    const damaged = damage(Buffer.from(lines[pick(lines.length)]!), lines[pick(lines.length)]!, pick)
    const before = Buffer.from(damaged)
    const wrong = wrongWith(collector, damaged, flow, claims)
    if (wrong !== undefined) return { done, wrong: `${wrong}: ${before.toString('latin1').trimEnd()}` }
    if (!before.equals(damaged)) return { done, wrong: `the line was changed: ${before.toString('latin1')}` }
  }
  return { done: mutations, wrong: undefined }
}

function wrongWith(
  collector: Collector,
  line: Uint8Array,
  flow: ReturnType<typeof createFlow>,
  claims: readonly string[],
): string | undefined {
  try {
    const outcome = collector.read(line, 0, line.length - 1, flow)
    return outcome === Outcome.flow ? invalidity(flow, claims, line) : undefined
  } catch (error) {
    return `threw ${(error as Error).stack}`
  }
}

const INTERESTING = Buffer.from(' =[]{}":.,0129-x\\\t')

/** The line, its newline included, with a bit of damage; `other` is what it may be torn into. */
export function damage(line: Buffer, other: Uint8Array, pick: Pick): Uint8Array {
  const body = line.subarray(0, line.length - 1)
  const at = pick(body.length + 1)
  const length = pick(12)
  const newline = Buffer.of(10)
  switch (pick(5)) {
    case 0:
      if (at < body.length) body[at] = INTERESTING[pick(INTERESTING.length)]!
      return line
    case 1:
      if (at < body.length) body[at] = pick(256) === 10 ? 0 : pick(256)
      return line
    case 2:
      return Buffer.concat([body.subarray(0, at), body.subarray(Math.min(body.length, at + length)), newline])
    case 3:
      return Buffer.concat([body.subarray(0, at), body.subarray(Math.max(0, at - length)), newline])
    default:
      // Two lines torn into one, as a crash leaves them.
      return Buffer.concat([body.subarray(0, at), other])
  }
}
