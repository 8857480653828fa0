import fc from 'fast-check'
import t from 'tap'
import { casesOf } from '../random-cases.ts'
import { beginning, node, ownerAt, printOwner, timelineOf } from './build.ts'
import { addresses, type Hazards, makeSchedule, tenantAt } from './schedule.ts'

const range = node('w', [], ['10.244.0.0/16'])
const runs = casesOf(50, 200)

/** Every address at 100 times that are the same in each run of a seed, half of them close to where something happened. */
function probe(
  seed: number,
  hazards: Hazards,
  check: (address: string, when: number) => void,
  precision = 1,
): void {
  const { truth, end } = makeSchedule(seed, hazards)
  for (let i = 0; i < 100; i++) {
    const address = addresses[i % addresses.length]!
    const near = truth[(seed + i) % truth.length]!
    const spread = ((((seed ^ (i * 7919)) >>> 0) % 1000) / 1000) * 3
    const when = i % 2 === 0 ? (end * i) / 100 : (i % 4 === 1 ? near.from : near.to) + spread - 1.5
    check(address, precision > 1 ? Math.floor(when) : when)
  }
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 })

for (const watchDelay of [0, 1, 4])
  for (const outages of [false, true]) {
    const hazards = { watchDelay, outages, omissions: true }
    t.test(
      `whenever owner() is certain it is true: watch up to ${watchDelay} s late${outages ? ', with outages' : ''}`,
      async t => {
        let certain = 0
        let all = 0
        fc.assert(
          fc.property(seeds, seed => {
            const schedule = makeSchedule(seed, hazards)
            const timeline = timelineOf(schedule.events, [range])
            probe(seed, hazards, (address, when) => {
              const owner = ownerAt(timeline, address, when)
              const tenant = tenantAt(schedule.truth, address, when)
              if (tenant !== undefined) all++
              if (owner.certainty !== 'certain') return
              if (owner.kind !== 'pod') throw new Error(`an address of the pod range is ${printOwner(owner)}`)
              if (tenant !== undefined) certain++
              const isTrue = tenant === undefined || tenant.uid === owner.pod?.uid
              if (!isTrue)
                throw new Error(`${address} at ${when}: ${printOwner(owner)}, in truth ${tenant?.uid}`)
            })
          }),
          { numRuns: runs },
        )
        t.ok(certain / all > 0.3, `${Math.round((100 * certain) / all)} % are certain`)
      },
    )
  }

t.test('the true owner is among the candidates, whenever the watch told of it at all', async () => {
  for (const outages of [false, true]) {
    const hazards = { watchDelay: 4, outages, omissions: true }
    fc.assert(
      fc.property(seeds, seed => {
        const schedule = makeSchedule(seed, hazards)
        const timeline = timelineOf(schedule.events, [range])
        probe(seed, hazards, (address, when) => {
          const tenant = tenantAt(schedule.truth, address, when)
          if (tenant === undefined || when >= tenant.known || !schedule.seen.has(tenant.uid)) return
          const owner = ownerAt(timeline, address, when)
          if (outages && owner.kind === 'unknown') return
          if (!owner.candidates.some(each => each.uid === tenant.uid))
            throw new Error(`${address} at ${when}: ${printOwner(owner)}, in truth ${tenant.uid}`)
        })
      }),
      { numRuns: runs },
    )
  }
})

t.test('a clock of whole seconds is certain only of what is true in the whole second', async () => {
  const hazards = { watchDelay: 1, outages: false, omissions: false }
  fc.assert(
    fc.property(seeds, seed => {
      const schedule = makeSchedule(seed, hazards)
      const timeline = timelineOf(schedule.events, [range])
      const check = (address: string, when: number) => {
        const owner = ownerAt(timeline, address, when, 1_000_000)
        if (owner.certainty !== 'certain') return
        for (const part of [0, 0.25, 0.5, 0.999_999]) {
          const tenant = tenantAt(schedule.truth, address, when + part)
          if (tenant !== undefined && tenant.uid !== owner.pod?.uid)
            throw new Error(`${address} at ${when}: ${printOwner(owner)}, in truth ${tenant.uid}`)
        }
      }
      probe(seed, hazards, check, 1_000_000)
    }),
    { numRuns: runs },
  )
})

t.test('without reuse everything outside the fringes is certain', async () => {
  const hazards = { watchDelay: 1, outages: false, omissions: false }
  fc.assert(
    fc.property(seeds, seed => {
      const schedule = makeSchedule(seed, hazards)
      // Only the first tenant of each address.
      const first = new Set(['p00', 'p10', 'p20'])
      const events = schedule.events.filter(event => !('observed' in event) || first.has(event.observed.id))
      const timeline = timelineOf(events.length > 0 ? events : beginning(), [range])
      for (const { uid, address, from, to } of schedule.truth.filter(each => first.has(each.uid))) {
        // Seen at most 1.9 s after it began; the end is asked for at most 3 s before, or 5.5 s before it is seen unannounced.
        for (let when = from + 2; when < to - 5.6; when += 0.7) {
          const owner = ownerAt(timeline, address, when)
          if (owner.certainty !== 'certain' || owner.pod?.uid !== uid)
            throw new Error(`${uid} at ${when}: ${printOwner(owner)}`)
        }
      }
    }),
    { numRuns: runs },
  )
})
