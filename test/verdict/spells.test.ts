import fc from 'fast-check'
import t from 'tap'
import { createSpells, type Spell } from '../../agent/verdict/spells.ts'

const S = 1_000_000

interface Step {
  readonly key: string
  /** Seconds since the step before. */
  readonly pause: number
  readonly n: number
}

const steps = fc.array(
  fc.record<Step>({
    key: fc.constantFrom('a', 'b', 'c'),
    pause: fc.oneof(fc.nat(5), fc.nat(70)),
    n: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 120 },
)

/** One key's spells, by the text: ended by a minute of silence and after five minutes. */
function spellsOf(key: string, all: readonly Step[]): (readonly [since: number, last: number, n: number])[] {
  const told: [number, number, number][] = []
  let open: [number, number, number] | undefined
  let now = 0
  for (const step of all) {
    now += step.pause
    if (step.key !== key) continue
    if (open !== undefined && (now - open[1] >= 60 || now - open[0] >= 300)) open = void told.push(open)
    open ??= [now, now, 0]
    open = [open[0], now, open[2] + step.n]
  }
  if (open !== undefined) told.push(open)
  return told
}

function run(all: readonly Step[], capacity?: number): Spell<string>[] {
  const told: Spell<string>[] = []
  const spells = createSpells<string>(spell => told.push(spell), capacity)
  let now = 0
  for (const { key, pause, n } of all) {
    now += pause
    spells.advance(now * S)
    spells.accuse(undefined, key, now * S, n, () => ({ of: undefined, about: key }))
  }
  spells.close()
  return told
}

t.test('spells are what the text says, in any run of packets', t => {
  fc.assert(
    fc.property(steps, all => {
      const told = run(all)
      for (const key of ['a', 'b', 'c']) {
        const own = told
          .filter(each => each.key === key)
          .map(({ since, last, n }) => [since / S, last / S, n])
        t.same(own, spellsOf(key, all))
      }
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('no packet is lost where the table is full', t => {
  fc.assert(
    fc.property(steps, all => {
      const count = all.reduce((sum, { n }) => sum + n, 0)
      t.equal(
        run(all, 1).reduce((sum, { n }) => sum + n, 0),
        count,
      )
    }),
    { numRuns: 100 },
  )
  t.end()
})

t.test('the least recently used spell makes room', t => {
  const told: string[] = []
  const spells = createSpells<string>(({ key }) => told.push(key), 2)
  for (const key of ['a', 'b', 'a', 'c'])
    spells.accuse(undefined, key, S, 1, () => ({ of: undefined, about: key }))
  t.same(told, ['b'])
  t.equal(spells.evicted, 1)
  t.end()
})

t.test('a spell that is held on to needs no looking up, and one that is over is begun anew', t => {
  const told: Spell<string>[] = []
  const spells = createSpells<string>(spell => told.push(spell))
  const start = (of: string) => () => ({ of, about: '' })
  const first = spells.accuse(undefined, 'a', 1 * S, 1, start('first'))
  t.equal(spells.accuse(first, 'a', 2 * S, 1, start('second')), first)
  const second = spells.accuse(first, 'a', 62 * S, 1, start('third'))
  t.not(second, first)
  spells.close()
  t.match(told, [
    { of: 'first', n: 2 },
    { of: 'third', n: 1 },
  ])
  t.end()
})

t.test('flows without a time are one spell', t => {
  const told: Spell<string>[] = []
  const spells = createSpells<string>(spell => told.push(spell))
  for (let i = 0; i < 3; i++)
    spells.accuse(undefined, 'a', Number.NaN, 1, () => ({ of: undefined, about: '' }))
  spells.close()
  t.match(told, [{ n: 3 }])
  t.ok(Number.isNaN(told[0]!.since))
  t.end()
})
