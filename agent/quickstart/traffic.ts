// The shop's traffic: the scenario again and again, an attempt every moment, with the connection that the edit concerns coming
// round more often than the others so that its effect is seen soon.

import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, isPossible } from './attempt.ts'
import type { ShopNode } from './node.ts'
import { hasProgram } from './programs.ts'
import { type Attempt, scenario } from './scenario.ts'

export const intervalMs = 400
const othersBetween = 4

/** Retries like those of a client that has lost its server: they show when an edit takes effect. */
const burst = 6
const burstIntervalMs = 25

export interface Traffic extends AsyncDisposable {
  /** Says that the policy is edited (or is not any more) and tries the connection that it concerns at once, many times. */
  edited(isEdited: boolean): void
}

/** Attempts that expect an answer wait until the servers are `ready`; denied ones need none. */
export function startTraffic(node: ShopNode, ready: Promise<void>, onError: (error: Error) => void): Traffic {
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>()
  const possible = scenario.filter(what => isPossible(what, node, hasProgram('ping')))
  let isEdited = false
  const begin = (what: Attempt) => {
    const made = attempt(node, what, stop.signal)
      .catch(onError)
      .finally(() => running.delete(made))
    running.add(made)
  }
  const concerned = () => possible.filter(what => what.when === (isEdited ? 'edited' : 'usual'))
  const loop = async () => {
    for (const what of rounds(possible)) {
      if (what !== 'concerned' && what.expect.verdict === 'allowed') await ready
      if (stop.signal.aborted) return
      for (const each of what === 'concerned' ? concerned() : [what]) begin(each)
      await pause(intervalMs, stop.signal)
    }
  }
  const retry = async () => {
    for (let count = 0; count < burst && !stop.signal.aborted; count++) {
      concerned().forEach(begin)
      await pause(burstIntervalMs, stop.signal)
    }
  }
  const main = loop().catch(onError)
  return {
    edited(now) {
      isEdited = now
      const retries = retry().finally(() => running.delete(retries))
      running.add(retries)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await main
      await Promise.all(running)
    },
  }
}

/** The scenario for ever. What depends on the edit is not in the row but comes between the others. */
export function* rounds(attempts: readonly Attempt[]): Generator<Attempt | 'concerned', never> {
  const others = attempts.filter(({ when }) => when === undefined)
  for (;;) {
    for (const [index, what] of others.entries()) {
      yield what
      if (index % othersBetween === othersBetween - 1) yield 'concerned'
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal }).catch(() => {}) // ended early: the caller looks at the signal
}
