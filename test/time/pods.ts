// Random lives of pods on a few addresses: made, addressed, relabelled, finished, deleted, replaced.

import type { Labels } from '../../agent/policy/objects.ts'
import { type PodState, podJson } from './objects.ts'
import { type Draft, END, enforcedFrom, namespaceNames, timesOf } from './schedule.ts'
import { apps } from './specs.ts'
import type { Enforced, Tenancy, TruePod } from './truth.ts'

/** Each is held by one pod after the other. */
export const addresses = ['10.0.0.1', '10.0.0.2', '10.0.1.3', '10.0.1.4', '10.0.1.5']
/** The second address of the dual-stack pods. */
export const second = (address: string): string => `fd00:10::${address.slice(-1)}`

export function livesOf(draft: Draft): Tenancy[] {
  const tenancies: Tenancy[] = []
  for (const [i, address] of addresses.entries()) {
    // Two pods stay all the time.
    if (i < 2) tenancies.push(...lifeOf(draft, { address, name: `s${i}`, free: -900, lasts: Infinity }).held)
    else tenancies.push(...chainOf(draft, address, i))
  }
  return tenancies
}

function chainOf(draft: Draft, address: string, index: number): Tenancy[] {
  const { random, hazards } = draft
  const tenancies: Tenancy[] = []
  const isStateful = random.chance(0.3)
  let free = random.chance(0.5) ? -900 : random.between(1, 20)
  let named = Number.NEGATIVE_INFINITY
  for (let n = 0; free < END - 25; n++) {
    const name = isStateful ? `sts-${index}` : `p${index}-${n}`
    const life = lifeOf(draft, {
      address,
      name,
      // The API has one object of a name at a time.
      free: isStateful ? Math.max(free, named + 0.02) : free,
      lasts: free < 0 ? 905 + random.between(1, 40) : 3 + random.below(30_000) / 1000,
      notBefore: isStateful ? named + 0.01 : Number.NEGATIVE_INFINITY,
    })
    tenancies.push(...life.held)
    named = life.gone
    if (hazards.reuse.length === 0 || (isStateful && named === Infinity)) return tenancies
    free = life.released + random.pick(hazards.reuse)
  }
  return tenancies
}

interface Plan {
  readonly address: string
  readonly name: string
  /** When the address is free. */
  readonly free: number
  /** Seconds that the pod keeps it. */
  readonly lasts: number
  /** The pod cannot be made earlier. */
  readonly notBefore?: number
}

interface Life {
  readonly held: Tenancy[]
  readonly released: number
  /** When the API has its object no more. */
  readonly gone: number
}

type Step = readonly [at: number, change: Partial<PodState>]

function lifeOf(draft: Draft, { address, name, free, lasts, notBefore = -2000 }: Plan): Life {
  const { random, hazards, moments } = draft
  const part = (seconds: number) => (seconds * random.below(1000)) / 1000
  const from = free
  const started = Math.max(notBefore, from - part(2))
  const created = Math.max(notBefore, started - part(4))
  const to = from + lasts
  const labels: Labels = { app: random.pick(apps) }
  const ns = random.pick(namespaceNames)
  const pod: TruePod = { uid: `${name}-${Math.round(from * 1000)}`, ns, name, labels, edits: [] }
  const ips = [address, ...(random.chance(0.3) ? [second(address)] : [])]
  const skewed = (time: number) => time + hazards.skew
  const steps: Step[] = [[from + part(0.9), { ips, started: skewed(started) }]]
  const held = ips.map(address => ({ pod, address, from, to, ...peersKnow(draft, from, to) }))
  if (from >= 0) moments.push(from)
  const ending = to > END ? { steps: [], gone: Infinity, released: to } : endOf(draft, to)
  if (to <= END) moments.push(to)
  for (const [at, change] of ending.steps) steps.push([at, { ...change, ...stampsOf(change, hazards.skew) }])
  for (const edit of labelEdits(draft, Math.max(from, 0) + 1, Math.min(to, END) - 4)) {
    pod.edits.push(edit.enforced)
    steps.push([edit.at, { labels: edit.enforced.state!, labelled: skewed(edit.at) }])
  }
  const first: PodState = {
    uid: pod.uid,
    ns,
    name,
    labels,
    created: skewed(created),
    labelled: skewed(created),
    ips: [],
  }
  writeAll(draft, first, created, steps, ending.gone)
  return { held, released: ending.released, gone: ending.gone }
}

function peersKnow({ random, hazards }: Draft, from: number, to: number): Pick<Tenancy, 'known' | 'dropped'> {
  const late = () => (hazards.latePeers ? (hazards.lag * random.below(1000)) / 1000 : 0)
  return { known: from < 0 ? from : from + late(), dropped: to + late() }
}

function stampsOf({ deleting, finished }: Partial<PodState>, skew: number): Partial<PodState> {
  return {
    ...(deleting === undefined ? {} : { deleting: deleting + skew }),
    ...(finished === undefined ? {} : { finished: finished + skew }),
  }
}

/** How it ends: asked to, by finishing (and keeping its address in the status), or without a word. */
function endOf(draft: Draft, to: number): { steps: Step[]; gone: number; released: number } {
  const { random } = draft
  const part = (seconds: number) => (seconds * random.below(1000)) / 1000
  const way = random.below(3)
  if (way === 0) {
    const asked = to - 0.2 - part(2)
    return { steps: [[asked, { deleting: asked }]], gone: to + part(1), released: to }
  }
  if (way === 1) {
    const finished = to - part(0.2)
    const told = finished + 0.2 + part(0.5)
    const gone = random.chance(0.5) ? told + 0.1 + part(20) : Infinity
    return { steps: [[told, { finished }]], gone, released: to }
  }
  // Without grace the object goes first, and the kubelet then ends what it was.
  return { steps: [], gone: to - part(0.5), released: to }
}

function labelEdits(
  draft: Draft,
  after: number,
  before: number,
): { at: number; enforced: Enforced<Labels> }[] {
  const { random, hazards } = draft
  if (!hazards.edits || !random.chance(0.3)) return []
  const times = timesOf(random).filter(at => at > after && at < before)
  return times.map(at => ({
    at,
    enforced: { from: enforcedFrom(draft, at), state: { app: random.pick(apps) } },
  }))
}

function writeAll(draft: Draft, first: PodState, created: number, steps: Step[], gone: number): void {
  const write = (at: number, type: 'ADDED' | 'MODIFIED' | 'DELETED', state: PodState) =>
    draft.commits.push({ at, type, kind: 'Pod', key: state.uid, object: podJson(state, draft.version++) })
  let state = first
  write(created, 'ADDED', state)
  for (const [at, change] of steps.toSorted((a, b) => a[0] - b[0])) {
    if (at >= gone) break
    state = { ...state, ...change }
    write(at, 'MODIFIED', state)
  }
  if (gone < END + 30) write(gone, 'DELETED', state)
}
