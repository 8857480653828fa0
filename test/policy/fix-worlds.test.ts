// Edits of random worlds, held against the literal evaluator: what an edit says is what happens when it is applied. FIX_SEED and
// FIX_WORLDS choose other worlds or
// more of them; with FIX_LITERAL=1 the literal evaluator also says for all pairs of all worlds what flips.

import t from 'tap'
import { formatAddress } from '../../agent/address.ts'
import {
  compile,
  type Direction,
  directions,
  type Fix,
  isProbeError,
  type Profile,
  profiles,
  readProbe,
} from '../../agent/policy/index.ts'
import type { PolicyObject, World } from '../../agent/policy/objects.ts'
import { readPolicies } from '../oracle/manifest.ts'
import { ask } from '../oracle/oracle.ts'
import { externals } from '../oracle/pools.ts'
import { probesOf } from '../oracle/probes.ts'
import { anyWorldOf } from '../oracle/tiered-worlds.ts'
import { casesOf } from '../random-cases.ts'
import {
  asOpens,
  canonical,
  compiledJudge,
  flipsOf,
  hasClearAddresses,
  type Judge,
  literalJudge,
  livePods,
  type Service,
  verdictOf,
  withoutPorts,
} from './fix-flips.ts'
import { lackingWorldOf } from './fix-label-worlds.ts'
import { applyFix, keyOf } from './fix-patch.ts'
import { reductionsOf, selectsMore } from './fix-reductions.ts'

const firstSeed = Number(process.env.FIX_SEED ?? 1)
const worlds = casesOf(60, 100, 'FIX_WORLDS')
const isAllLiteral = process.env.FIX_LITERAL === '1'
const probesPerWorld = 40
const fixesPerWorld = 2
const shown = 5

const tiers = /^(Baseline)?AdminNetworkPolicy\/|^ClusterNetworkPolicy\//

/** A direction that was denied, from address to address, and its edit. */
interface Denied {
  readonly seed: number
  readonly world: World
  readonly direction: Direction
  readonly subject: string
  readonly peer: string
  readonly service: Service
  readonly fix: Fix
}

function denialsOf(seed: number, profile: Profile = 'upstream'): Denied[] {
  const world = seed % 3 === 0 ? lackingWorldOf(seed) : anyWorldOf(seed)
  if (!hasClearAddresses(world)) return []
  const epoch = compile(world, { profile })
  const denials: Denied[] = []
  for (const probe of probesOf(world, seed, probesPerWorld)) {
    const read = readProbe(epoch, probe)
    if (isProbeError(read)) continue
    const [from, to] = [formatAddress(read.from.address), formatAddress(read.to.address)]
    const service = {
      port: read.port < 0 ? null : read.port,
      protocol: (probe.protocol ?? 'TCP').toUpperCase(),
    }
    for (const direction of directions) {
      const fix = epoch.fix(read.from, read.to, read.protocol, read.port, direction)
      if (fix === undefined) continue
      const [subject, peer] = direction === 'egress' ? [from, to] : [to, from]
      denials.push({ seed, world, direction, subject, peer, service, fix })
    }
  }
  // Labels are seldom the smallest edit: where they are, they are what is looked at.
  const isRare = ({ fix }: Denied) => fix.kind === 'pod' || fix.kind === 'namespace'
  return denials.toSorted((a, b) => Number(isRare(b)) - Number(isRare(a))).slice(0, fixesPerWorld)
}

/** What is wrong with the edits of random worlds; a test passes where it finds nothing and has looked at something. */
function check(
  t: Tap,
  wrong: (denied: Denied) => string | undefined,
  profileOf: (seed: number) => Profile = () => 'upstream',
): void {
  let asked = 0
  let failures = 0
  for (let seed = firstSeed; seed < firstSeed + worlds; seed++) {
    for (const denied of denialsOf(seed, profileOf(seed))) {
      asked++
      const problem = wrong(denied)
      if (problem === undefined || ++failures > shown) continue
      const { direction, subject, peer, service, fix } = denied
      t.fail(
        `seed ${seed} ${direction} of ${subject} with ${peer} ${service.port}/${service.protocol}: ${problem}`,
        {
          fix: JSON.stringify(fix),
        },
      )
    }
  }
  t.ok(asked > worlds / 2, `${asked} edits were looked at`)
  t.equal(failures, 0)
  t.end()
}

type Tap = Parameters<Parameters<typeof t.test>[0]>[0]

/** The port that was asked about, one near it, one far from it, and other protocols. */
function servicesNear({ port, protocol }: Service): Service[] {
  const far = { port: port === 80 ? 5432 : 80, protocol: 'TCP' }
  const other = { port: port ?? 53, protocol: protocol === 'UDP' ? 'TCP' : 'UDP' }
  if (port === null) return [{ port, protocol }, far, other]
  const near = { port: port === 65535 ? 65534 : port + 1, protocol }
  return [{ port, protocol }, near, far, other, { port: null, protocol: 'ICMP' }]
}

t.test('an edit that is applied to its object lets through what was denied', t => {
  check(t, ({ world, fix, direction, subject, peer, service }) => {
    if (fix.kind === 'none') return undefined
    const is = verdictOf(applyFix(world, fix), direction, subject, peer, service)
    return is === 'allowed' ? undefined : `still ${is}`
  })
})

t.test('where both directions are denied, both edits together let it through', t => {
  let asked = 0
  for (let seed = firstSeed; seed < firstSeed + worlds; seed++) {
    const pairs = Map.groupBy(denialsOf(seed), ({ direction, subject, peer, service }) => {
      return JSON.stringify([direction === 'egress' ? [subject, peer] : [peer, subject], service])
    })
    for (const both of pairs.values()) {
      const [one, other] = directions.map(each => both.find(({ direction }) => direction === each))
      if (one === undefined || other === undefined) continue
      if (one.fix.kind === 'none' || other.fix.kind === 'none') continue
      // Two additions to one list do not get into each other's way.
      const world = applyFix(applyFix(one.world, one.fix), other.fix)
      const { subject, peer, service } = one
      const answer = ask(world, { from: subject, to: peer, ...service })
      asked++
      t.equal(answer?.verdict, 'allowed', `seed ${seed} ${subject} ${peer} ${JSON.stringify(service)}`)
    }
  }
  t.ok(asked > worlds / 40, `${asked} pairs of edits`)
  t.end()
})

/** The literal evaluator judges a few worlds, the compiled one the rest. */
function judgesOf(before: World, after: World, isLiteral: boolean): [Judge, Judge] {
  const judge = isLiteral ? literalJudge : compiledJudge
  return [judge(before), judge(after)]
}

t.test('an edit opens exactly what it says it opens, and closes nothing', t => {
  check(t, denied => {
    const isLiteral = isAllLiteral || denied.seed % 20 === 0
    return wrongOpens(denied, world => (isLiteral ? literalJudge(world) : compiledJudge(world)))
  })
})

t.test('it does so in every profile', t => {
  const profileOf = (seed: number) => profiles[seed % profiles.length]!
  check(t, denied => wrongOpens(denied, world => compiledJudge(world, profileOf(denied.seed))), profileOf)
})

/** What differs between what an edit says and what it does, by a judge of worlds. */
function wrongOpens(
  { world, fix, direction, subject, peer, service }: Denied,
  judge: (world: World) => Judge,
): string | undefined {
  if (fix.kind === 'none') return undefined
  const judges = [judge(world), judge(applyFix(world, fix))] as const
  if (judges[1](direction, subject, peer, service) !== 'allowed') return 'still denied'
  const flips = flipsOf(world, judges, direction, [...externals, peer], servicesNear(service))
  const other = direction === 'egress' ? 'ingress' : 'egress'
  const aside = flipsOf(world, judges, other, [peer], [service])
  if (flips.closed.length + aside.closed.length > 0) return `closes ${[...flips.closed, ...aside.closed]}`
  if (aside.pods.size + aside.addresses.size > 0) return `opens ${other}`
  const said = JSON.stringify(withoutPorts(fix))
  const found = JSON.stringify(asOpens(flips))
  if (said !== found) return `says ${said}, opens ${found}`
  if (fix.opens.ports === 'all') return undefined
  const ports = [...flips.services].join()
  return ports === fix.opens.ports ? undefined : `says ${fix.opens.ports}, opens ${ports}`
}

t.test('no part of an edit is superfluous: without it, it is still denied or more is let in', t => {
  check(t, ({ world, fix, direction, subject, peer, service }) => {
    for (const less of reductionsOf(fix)) {
      if (selectsMore(world, fix, less) || opensMore(world, fix, less, direction, service)) continue
      const [from, to] = direction === 'egress' ? [subject, peer] : [peer, subject]
      const answer = ask(applyFix(world, less), { from, to, ...service })!
      // A peer without a selector is refused, and the policy with it.
      if (answer[direction] === 'allowed' && !answer.leftOut.includes(less.target))
        return `as good: ${JSON.stringify(less)}`
    }
    return undefined
  })
})

/** Does a shorter edit of labels let in more pairs of workloads? */
function opensMore(world: World, fix: Fix, less: Fix, direction: Direction, service: Service): boolean {
  if (fix.kind === 'policy') return false
  const pairs = (edit: Fix) => {
    const judges = judgesOf(world, applyFix(world, edit), isAllLiteral)
    return flipsOf(world, judges, direction, [], [service]).pairs.size
  }
  return pairs(less) > pairs(fix)
}

t.test('no new rule in another policy would have opened fewer workloads', t => {
  check(t, ({ world, fix, direction, subject, peer, service }) => {
    if (fix.kind === 'none') return undefined
    const pairs = (edit: Fix) => {
      const judges = judgesOf(world, applyFix(world, edit), isAllLiteral)
      return flipsOf(world, judges, direction, [peer], [service]).pairs.size
    }
    const chosen = pairs(fix)
    for (const policy of world.policies) {
      const other = newRuleIn(policy, direction, fix)
      if (other === undefined) continue
      if (verdictOf(applyFix(world, other), direction, subject, peer, service) !== 'allowed') continue
      if (pairs(other) < chosen) return `${pairs(other)} instead of ${chosen}: ${JSON.stringify(other)}`
    }
    return undefined
  })
})

/** The rule that an edit adds or stands for, added to another policy. */
function newRuleIn(policy: PolicyObject, direction: Direction, fix: Fix & { kind: string }): Fix | undefined {
  const value = fix.kind === 'policy' ? fix.patch[0]!.value : undefined
  const rule = Array.isArray(value) ? value[0] : value
  const isRule = typeof rule === 'object' && rule !== null && ('from' in rule || 'to' in rule)
  const rules = (policy.spec as Record<string, unknown> | undefined)?.[direction]
  // A policy that does not isolate yet would begin to.
  const isIsolating = readPolicies([policy]).some(({ directions }) => directions.includes(direction))
  if (policy.kind !== 'NetworkPolicy' || !isRule || !isIsolating || !Array.isArray(rules)) return undefined
  if (fix.kind !== 'policy' || tiers.test(fix.target)) return undefined
  const patch = [{ op: 'add' as const, path: `/spec/${direction}/-`, value: rule }]
  return { ...fix, target: keyOf(policy), patch }
}

t.test('there is no edit only for an address that nobody can name', t => {
  check(t, ({ world, fix, direction, subject, peer, service }) => {
    if (fix.kind !== 'none') return undefined
    const pods = livePods(world).flatMap(pod => pod.ips.map(canonical))
    const nodes = world.nodes.flatMap(node => node.addresses.map(canonical))
    // A8: an ingress rule of an admin policy names pods and nothing else.
    const isDeniedByTier = reasonOf(world, direction, subject, peer, service) === 'explicit-deny'
    if (isDeniedByTier && direction === 'ingress' && !pods.includes(peer)) return undefined
    const isKnown = [...pods, ...nodes, ...externals].includes(peer)
    return isKnown ? `none, because ${fix.because}` : undefined
  })
})

function reasonOf(
  world: World,
  direction: Direction,
  subject: string,
  peer: string,
  service: Service,
): string | undefined {
  const [from, to] = direction === 'egress' ? [subject, peer] : [peer, subject]
  const { responsible } = ask(world, { from, to, ...service })!
  return responsible.find(one => one.direction === direction)?.reason
}

t.test('every kind of edit is among those that were looked at', t => {
  const kinds = new Set<string>()
  for (let seed = firstSeed; seed < firstSeed + Math.max(worlds, 300); seed++)
    for (const { fix } of denialsOf(seed)) kinds.add(fix.kind)
  for (const kind of ['none', 'pod', 'policy']) t.ok(kinds.has(kind), kind)
  t.end()
})
