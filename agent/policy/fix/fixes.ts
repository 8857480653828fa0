// The smallest single edit that would have allowed a denied direction. Everything here is looked up per epoch and remembered per
// denial: the same pods, labels and ports denied by the same policies have the same edit.

import type { DirectionAnswer, Fix } from '../answer.ts'
import type { ResolvedEnd } from '../end.ts'
import type { Ends } from '../ends.ts'
import type { Ground } from '../evaluate.ts'
import type { PortSet } from '../interner.ts'
import type { Missed } from '../nearest.ts'
import { hasPolicyPorts } from '../protocol.ts'
import type { State } from '../state.ts'
import { Cast } from './cast.ts'
import { countPods, Pairs } from './count.ts'
import { LabelEdits } from './label-edits.ts'
import { none, opensOf } from './opens.ts'
import { podIndexOf } from './pod-index.ts'
import { compareEdits, type PolicyEdit, patchOf, smallestEdit } from './policy-edits.ts'
import type { Case } from './rule-edits.ts'
import type { Denial, Question } from './scene.ts'
import { denyOf, opensBefore, tierEdit } from './tier-edit.ts'
import { isTightPeer, type TightPeer, TightPeers } from './tight-peer.ts'

/** Edits that are remembered per set of denying policies; beyond it that set starts over. */
const MAX_REMEMBERED = 4096

interface Found {
  readonly fix: Fix
  /** It rests on which pod the peer is, and not only on what the pod is like. */
  readonly isOwn: boolean
}

function forAll(fix: Fix): Found {
  return { fix, isOwn: false }
}

export class Fixes {
  readonly #state: State
  readonly #cast: Cast
  readonly #tightPeers: TightPeers
  readonly #labelEdits: LabelEdits
  readonly #remembered = new WeakMap<DirectionAnswer, Map<string, Fix>>()

  constructor(state: State, ends: Ends, ground: Ground) {
    this.#state = state
    this.#cast = new Cast(podIndexOf(state.pods), ends, ground)
    this.#tightPeers = new TightPeers(state, this.#cast)
    this.#labelEdits = new LabelEdits(state)
  }

  /** `answer` is what denied it. */
  fix(question: Question, answer: DirectionAnswer): Fix {
    const remembered = this.#remembered.get(answer) ?? new Map<string, Fix>()
    this.#remembered.set(answer, remembered)
    const key = `${this.#isLive(question.subject)} ${this.#isLive(question.peer)} ${keyOf(question)}`
    const ownKey = () => `${key} ${question.peer.entry?.pod.uid}`
    const known = remembered.get(key) ?? remembered.get(ownKey())
    if (known !== undefined) return known
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    const { fix, isOwn } = this.#find(question, answer)
    remembered.set(isOwn ? ownKey() : key, fix)
    return fix
  }

  /** A pod that the state does not have, or has as finished, is counted beside those of its kind. */
  #isLive({ entry }: ResolvedEnd): boolean {
    return entry !== undefined && this.#cast.index.has(entry)
  }

  #find(question: Question, answer: DirectionAnswer): Found {
    const { protocol, port, direction } = question
    if (hasPolicyPorts(protocol) && port < 0) return forAll(none('the port is not known'))
    if (hasPolicyPorts(protocol) && port === 0) return forAll(none('no policy can name port 0'))
    const tight = this.#tightPeers.of(question)
    if (!isTightPeer(tight)) return forAll(none(tight))
    const asked = [{ protocol, port }] as const
    const deny = denyOf(answer, this.#state)
    if (deny === undefined) return this.#edit({ ...question, asked, opens: isWithoutRule }, tight)
    const denial = { ...question, asked, opens: opensBefore(direction, deny) }
    return forAll(tierEdit(deny, denial, tight, this.#cast))
  }

  #edit(denial: Denial, tight: TightPeer): Found {
    const pairs = new Pairs(this.#cast.ground, denial, this.#cast.subjects(denial), tight.matched)
    const asked: Case = { denial, cast: this.#cast, tight, pairs }
    const edit = this.#policyEdit(asked)
    // A label is lost with its pod, so it has to let in fewer.
    const labels = edit.opened > 1 ? this.#labelEdits.candidates(asked) : []
    const label = this.#labelEdits.smallest(labels, asked, edit.opened)
    const fix = label?.fix ?? {
      kind: 'policy',
      target: edit.policy.source.ref.key,
      patch: [patchOf(edit, asked)],
      opens: opensOf(denial, countPods(pairs, edit.reach)),
    }
    return { fix, isOwn: labels.length > 0 }
  }

  /** Policies of few subjects first: what they open is a limit for the others, and counting stops there. */
  #policyEdit(asked: Case): PolicyEdit {
    const { direction, subject } = asked.denial
    const missed = missedOf(asked.denial, this.#cast.ground)
    const isolating = subject[direction]!.policies.map(policy => {
      return { policy, subjects: this.#cast.selected(policy, asked.pairs.subjects) }
    })
    isolating.sort((a, b) => a.subjects.length - b.subjects.length)
    let best: PolicyEdit | undefined
    for (const { policy, subjects } of isolating) {
      const limit = best?.opened ?? Number.POSITIVE_INFINITY
      const edit = smallestEdit(policy, subjects, missed, asked, limit)
      if (edit !== undefined && (best === undefined || compareEdits(edit, best) < 0)) best = edit
    }
    return best!
  }
}

function keyOf({ direction, subject, peer, protocol, port }: Question): string {
  const what = `${protocol} ${port}`
  // S43: at the destination names count.
  const ports = portsKey((direction === 'ingress' ? subject : peer).ports)
  if (peer.kind === 'pod') return `${what} ${peer.namespace} ${peer.labels} ${peer.addressClass} ${ports}`
  return `${what} ${peer.kind} ${peer.address.join()} ${ports}`
}

const portKeys = new WeakMap<PortSet, string>()

function portsKey(ports: PortSet): string {
  if (ports.length === 0) return ''
  let key = portKeys.get(ports)
  if (key === undefined) {
    key = ports.join()
    portKeys.set(ports, key)
  }
  return key
}

function missedOf({ direction, subject, peer, protocol, port }: Denial, ground: Ground): Missed {
  const destination = direction === 'ingress' ? subject : peer
  return { direction, peer, namespaceLabels: {}, destination, protocol, port, ...ground }
}

/** What a rule of a NetworkPolicy opens: what its kind denies because no rule matches. */
function isWithoutRule({ reason }: DirectionAnswer): boolean {
  return reason === 'no-rule-matched'
}
