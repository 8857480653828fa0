// What a pipeline has taken and not written yet, as plain JSON: a restart goes on with it, so that nothing is lost or counted twice.
// It is told as changes, since all of it may be megabytes; changes on changes are again a state.

import { createFlow, type Flow } from '../collectors/flow.ts'
import type { FoldSlot } from './forensics/fold.ts'
import type { DuplicatesState } from './verdict/duplicates.ts'

/** A flow without what only its line's bytes mean. JSON has no NaN: a time that is not known is null. */
export type FlowJson = Readonly<Record<string, unknown>>

export interface PipelineChanges {
  readonly fold: readonly FoldSlot[]
  /** Flows that wait for who it was to be known. */
  readonly held: {
    readonly came: readonly { readonly id: number; readonly item: FlowJson }[]
    readonly went: readonly number[]
  }
}

export const NO_CHANGES: PipelineChanges = { fold: [], held: { came: [], went: [] } }

export function isEmpty({ fold, held }: PipelineChanges): boolean {
  return fold.length === 0 && held.came.length === 0 && held.went.length === 0
}

export function flowJson({ spans: _, address, time, ...rest }: Flow): FlowJson {
  return { ...rest, time: Number.isNaN(time) ? null : time, address: [...address] }
}

export function flowOfJson({ address, time, ...rest }: FlowJson): Flow {
  const flow = Object.assign(createFlow(), rest, { time: typeof time === 'number' ? time : Number.NaN })
  flow.address.set(address as number[])
  return flow
}

export interface DuplicatesJson {
  readonly verdicts: DuplicatesState['verdicts']
  readonly singles: DuplicatesState['singles']
  readonly held: readonly {
    readonly tuple: readonly number[]
    readonly time: number
    readonly flow: FlowJson
  }[]
}

export function duplicatesJson({ verdicts, singles, held }: DuplicatesState): DuplicatesJson {
  return { verdicts, singles, held: held.map(each => ({ ...each, flow: flowJson(each.flow) })) }
}

export function duplicatesOfJson({ verdicts, singles, held }: DuplicatesJson): DuplicatesState {
  return { verdicts, singles, held: held.map(each => ({ ...each, flow: flowOfJson(each.flow) })) }
}

/** Changes that follow each other as one. */
export function joinChanges(all: readonly PipelineChanges[]): PipelineChanges {
  const held = new Map<number, FlowJson>()
  for (const changes of all) {
    for (const { id, item } of changes.held.came) held.set(id, item)
    for (const id of changes.held.went) held.delete(id)
  }
  const came = [...held].map(([id, item]) => ({ id, item }))
  return { fold: all.flatMap(changes => changes.fold), held: { came, went: [] } }
}
