// Asks the engine and the oracle the same thing and tells where they differ, in the smallest world that still shows it.

import type { Change, World } from '../../agent/policy/objects.ts'
import { applyChange } from './edits.ts'
import type { Probe } from './ends.ts'
import { nearest } from './nearest.ts'
import { ask, type Grounds } from './oracle.ts'
import { shrink } from './shrink.ts'

/** What is compared: all that `culprit evaluate` prints for a probe, with what it rests on, or that it cannot be asked. */
export type Line = object | 'cannot be asked'

/** A world and the edits made to it, in their groups; without edits it is compiled as it is. */
export interface Scene {
  readonly world: World
  readonly edits: readonly (readonly Change[])[]
}

/** Answers a probe about a scene with the engine under test. */
export type Engine = (scene: Scene, probe: Probe) => Line

/** The oracle's line: it knows no edits, only the world that they lead to. */
export function askOracle(world: World, probe: Probe): Line {
  const answer = ask(world, probe)
  if (answer === undefined) return 'cannot be asked'
  const { leftOut, isCertain, grounds, ...rest } = answer
  return {
    ...rest,
    ...(answer.verdict === 'denied' ? { nearest: nearest(world, probe, answer) } : {}),
    ...(leftOut.length > 0 ? { leftOut } : {}),
    ...(isCertain ? {} : { certainty: 'candidates' }),
    grounds: grounds.map(writeGrounds),
  }
}

/** `ingress passes AdminNetworkPolicy/a#0, isolates shop/b`, with a question mark where another order would say otherwise. */
export function writeGrounds({ direction, witnesses, undefinedChoice }: Grounds): string {
  const named = witnesses.map(({ policy, role, rule }) => `${role} ${policy}${rule < 0 ? '' : `#${rule}`}`)
  return `${direction}${undefinedChoice ? '?' : ''} ${named.join(', ')}`
}

export function worldAfter({ world, edits }: Scene): World {
  return edits.flat().reduce(applyChange, world)
}

/** Equal whatever the order of fields; the order of lists counts. */
export function isSameLine(a: Line, b: Line): boolean {
  return write(a) === write(b)
}

function write(value: unknown): string {
  return JSON.stringify(value, (_, field) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  )
}

/** A line, or what was thrown instead of it: an engine that falls is a difference like any other. */
export function orThrown(answer: () => Line): Line {
  try {
    return answer()
  } catch (error) {
    return { threw: String(error) }
  }
}

/** A difference as text to paste into a test: the smallest scene, the probe, both answers. */
export function describe(engine: Engine, scene: Scene, probe: Probe, seed: number): string {
  const safely = (candidate: Scene) => orThrown(() => engine(candidate, probe))
  const small = shrink(
    scene,
    candidate => !isSameLine(safely(candidate), askOracle(worldAfter(candidate), probe)),
  )
  return [
    `seed ${seed}`,
    `probe  ${JSON.stringify(probe)}`,
    `engine ${JSON.stringify(safely(small))}`,
    `oracle ${JSON.stringify(askOracle(worldAfter(small), probe))}`,
    `world ${JSON.stringify(small.world, undefined, 1)}`,
    ...(small.edits.length > 0 ? [`edits ${JSON.stringify(small.edits, undefined, 1)}`] : []),
  ].join('\n')
}
