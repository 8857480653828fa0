import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import type { AppliedChange, TimelineEvent, View } from '../../agent/timeline/index.ts'
import {
  added,
  at,
  beginning,
  deleted,
  modified,
  namespace,
  node,
  pod,
  policy,
  printOwner,
  type RememberingEpoch,
  relist,
  service,
  timelineOf,
} from './build.ts'

const addresses = ['10.244.0.1', '10.244.0.2', '10.244.0.3', '192.168.0.1', '10.96.0.1', '203.0.113.1']
const fixed = [
  pod({ name: 'n0', ips: [addresses[0]!] }),
  policy('p0', 1),
  namespace('shop'),
  node('w0', ['192.168.0.1'], ['10.244.0.0/16']),
]

interface Step {
  readonly what: number
  readonly which: number
  readonly variant: number
  readonly wait: number
}

const steps = fc.array(
  fc.record({ what: fc.nat(9), which: fc.nat(2), variant: fc.nat(5), wait: fc.integer({ min: 1, max: 40 }) }),
  { minLength: 1, maxLength: 40 },
)

/** Any events in any order: what a broken watch might tell, too. */
function eventsOf(program: readonly Step[]): TimelineEvent[] {
  let now = 100
  return [
    ...beginning(50),
    ...program.flatMap(step => {
      now += step.wait / 10
      return eventOf(step, now)
    }),
  ]
}

function eventOf({ what, which, variant }: Step, now: number): TimelineEvent[] {
  const type = ([added, modified, deleted] as const)[variant % 3]!
  const words = { uid: `u${which}${variant % 2}`, name: `n${which}`, started: now - variant }
  switch (what) {
    case 0:
    case 1:
      return [
        added(
          now,
          pod({ ...words, ips: [addresses[(which + variant) % 3]!], labels: { v: String(variant) } }),
        ),
      ]
    case 2:
      return [
        modified(
          now,
          pod({ ...words, ips: [addresses[which]!], ...(variant > 2 ? { deleting: now - 1 } : {}) }),
        ),
      ]
    case 3:
      return [
        modified(
          now,
          pod({
            ...words,
            ips: [addresses[which]!],
            phase: 'Succeeded',
            ...(variant > 2 ? { finished: now - 1 } : {}),
          }),
        ),
      ]
    case 4:
      return [deleted(now, pod({ ...words, ips: [addresses[which]!] }))]
    case 5:
      return [type(now, policy(`p${which}`, variant, variant, { written: at(now - 1), uid: `q${which}` }))]
    case 6:
      return [type(now, namespace('shop', { v: String(which) }))]
    case 7:
      return [type(now, node(`w${which}`, [`192.168.0.${which + 1}`], ['10.244.0.0/16']))]
    case 8:
      return [type(now, service({ name: `s${which}`, clusterIPs: [addresses[4]!] }))]
    default:
      return [
        relist(now, (['Pod', 'NetworkPolicy', 'Namespace'] as const)[which]!, now - variant),
        added(now, [pod(words), policy('p1', 7), namespace('shop')][which]!),
      ]
  }
}

/** Those of one moment have no order. */
function printChanges(changes: readonly AppliedChange[]): string {
  return changes
    .map(change => `${change.key} ${change.op} ${change.at}`)
    .sort()
    .join()
}

function print(view: View<RememberingEpoch>): string {
  const states = [view.past, view.ahead].map(list =>
    list.map(each => `${printChanges(each.changes)} ${each.epoch.print()}`),
  )
  const owners = addresses.map(address => printOwner(view.owner(parseAddress(address)!, 0)))
  return JSON.stringify([view.certainty, view.unsure, owners, states, view.epoch.print()], null, 1)
}

const times = fc.array(fc.nat(3000), { minLength: 1, maxLength: 12 })

t.test('a timeline that grew, and was looked at all the while, says what a fresh one says', async () => {
  fc.assert(
    fc.property(steps, times, fc.boolean(), (program, when, isCoarse) => {
      const events = eventsOf(program)
      const precision = isCoarse ? 1_000_000 : 1
      const grown = timelineOf(beginning(50), fixed)
      for (const [i, event] of events.slice(5).entries()) {
        grown.apply(event)
        // Looks in the middle of a relist are its own test: a fresh timeline cannot see half of one.
        if (event.type !== 'RELIST')
          grown.viewAt(at(60 + when[i % when.length]! / 10), precision).epoch.print()
      }
      for (const each of when) {
        const time = at(60 + each / 10)
        const one = print(grown.viewAt(time, precision))
        const other = print(timelineOf(events, fixed).viewAt(time, precision))
        if (one !== other) throw new Error(`at ${60 + each / 10}: grown ${one}\nfresh ${other}`)
      }
    }),
    { numRuns: 150 },
  )
})

t.test('every answer of a view is the same at each of its times', async () => {
  fc.assert(
    fc.property(steps, times, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (program, when, part) => {
      const events = eventsOf(program)
      const timeline = timelineOf(events, fixed)
      for (const each of when) {
        const view = timeline.viewAt(at(60 + each / 10))
        const from = Math.max(view.from, at(0))
        const to = Math.min(view.to, at(1000))
        const other = timelineOf(events, fixed).viewAt(from + Math.floor((to - from) * part))
        if (print(view) !== print(other))
          throw new Error(`[${view.from}, ${view.to}): ${print(view)}\n${print(other)}`)
      }
    }),
    { numRuns: 150 },
  )
})

t.test('what is forgotten does not change what comes after', async () => {
  fc.assert(
    fc.property(steps, times, fc.nat(1500), (program, when, horizon) => {
      const events = eventsOf(program)
      const forgetful = timelineOf(events, fixed)
      forgetful.viewAt(at(60 + when[0]! / 10)).epoch.print()
      forgetful.forget(at(60 + horizon / 10))
      for (const each of when.filter(one => one >= horizon)) {
        const time = at(60 + each / 10)
        const [one, other] = [print(forgetful.viewAt(time)), print(timelineOf(events, fixed).viewAt(time))]
        if (one !== other)
          throw new Error(`forgot ${60 + horizon / 10}, at ${60 + each / 10}: ${one}\n${other}`)
      }
    }),
    { numRuns: 150 },
  )
})
