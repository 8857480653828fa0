import t from 'tap'
import { editEvent, policyToEdit, withPolicy } from '../../agent/quickstart/edit.ts'
import { manifestsOf } from '../../agent/quickstart/index.ts'
import { outsiders, scenario } from '../../agent/quickstart/scenario.ts'
import { subjectsOf } from '../../agent/quickstart/select.ts'
import { readShop } from '../../agent/quickstart/shop.ts'
import { rounds } from '../../agent/quickstart/traffic.ts'

const shop = readShop(manifestsOf())
const known = new Set([
  'node',
  ...shop.pods.map(({ alias }) => alias),
  ...outsiders.map(({ alias }) => alias),
])
const keyOf = ({ metadata }: (typeof shop.policies)[number]) => `${metadata.namespace}/${metadata.name}`

t.test('the shop is what its documentation says', async t => {
  t.equal(shop.namespaces.length, 5)
  t.equal(shop.pods.length, 12)
  t.equal(shop.policies.length, 11)
  t.equal(new Set(shop.pods.map(({ alias }) => alias)).size, 12, 'an alias means one pod')
  for (const { metadata } of shop.policies) {
    t.match(metadata, {
      uid: /^[0-9a-f]{8}-/,
      generation: Number,
      managedFields: [{ manager: String, time: /Z$/ }],
    })
  }
})

t.test('every attempt is between ends that exist', async t => {
  for (const { about, from, to } of scenario) t.ok(known.has(from) && known.has(to), about)
})

t.test(
  'every expected culprit list is complete: all policies that isolate the pod in that direction',
  async t => {
    for (const { about, from, to, expect } of scenario) {
      if (expect.verdict === 'allowed') continue
      const subject = shop.pods.find(({ alias }) => alias === (expect.dir === 'egress' ? from : to))!
      const type = expect.dir === 'egress' ? 'Egress' : 'Ingress'
      const isolating = shop.policies.filter(
        policy => policy.spec.policyTypes?.includes(type) && subjectsOf(policy, shop).includes(subject),
      )
      t.same([...expect.policies], isolating.map(keyOf).sort(), about)
    }
  },
)

t.test('every policy takes part in some attempt', async t => {
  const named = scenario.flatMap(({ expect }) =>
    expect.verdict === 'allowed'
      ? [...(expect.egress?.by ?? []), ...(expect.ingress?.by ?? [])].map(rule => rule.split(' ')[0]!)
      : [...expect.policies],
  )
  t.same(new Set(named), new Set(shop.policies.map(keyOf)))
})

t.test('the edit names its author and is undone to the letter', async t => {
  const original = policyToEdit(shop)
  const edited = editEvent(original, 'edit', 4, Date.parse('2026-11-24T18:00:00.250Z'))
  t.equal(edited.at, '2026-11-24T18:00:00.250Z')
  t.equal(edited.object.metadata.generation, 4)
  t.match(edited.object.metadata.managedFields?.at(-1), {
    manager: 'kubectl-edit',
    time: '2026-11-24T18:00:00Z',
  })
  t.same(edited.object.spec.ingress?.[0]?.from, [{ podSelector: { matchLabels: { app: 'gateway-v2' } } }])
  t.same(edited.object.spec.ingress?.[1], original.spec.ingress?.[1])
  const reverted = editEvent(original, 'revert', 5, Date.now())
  t.same(reverted.object.spec, original.spec)
  const policies = withPolicy(shop, edited.object)
  t.equal(policies.length, shop.policies.length)
  t.ok(policies.includes(edited.object))
})

t.test('in the traffic, what the edit concerns comes round more often than the rest', async t => {
  const others = scenario.filter(({ when }) => when === undefined)
  const seen = rounds(scenario)
  const first = Array.from({ length: 10 }, () => seen.next().value)
  t.same(
    first.map(what => what === 'concerned'),
    [false, false, false, false, true, false, false, false, false, true],
  )
  t.equal(first[0], others[0], 'and the first one is denied, so that something is seen at once')
  t.equal(others[0]?.expect.verdict, 'denied')
})
