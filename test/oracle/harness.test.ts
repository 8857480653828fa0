import t from 'tap'
import type { World } from '../../agent/policy/objects.ts'
import { askOracle, describe, type Engine, isSameLine, worldAfter } from './differential.ts'
import { probesOf } from './probes.ts'
import { tieredWorldOf } from './tiered-worlds.ts'
import { worldOf } from './worlds.ts'

/** The oracle with one mistake: it reads another world than it is given. */
function mistaken(mistake: (text: string) => string): Engine {
  return (scene, probe) => {
    const { policies, ...rest } = worldAfter(scene)
    const misread = JSON.parse(mistake(JSON.stringify(policies))) as World['policies']
    return askOracle({ ...rest, policies: misread }, probe)
  }
}

type Mistakes = Readonly<Record<string, (text: string) => string>>

const mistakes: Mistakes = {
  'endPort is exclusive': text =>
    text.replaceAll(/"endPort":(\d+)/g, (_, port) => `"endPort":${Number(port) - 1}`),
  'except is ignored': text => text.replaceAll(/"except":\[[^\]]*\]/g, '"except":[]'),
  'NotIn needs the key': text => text.replaceAll(/"NotIn","values":\[[^\]]*\]/g, '"Exists"'),
  'an empty namespaceSelector is the own namespace': text =>
    text.replaceAll('"namespaceSelector":{}', '"podSelector":{}'),
  'ingress: [] does not isolate': text => text.replaceAll('"ingress":[]', '"ingress":[{}]'),
  'protocol-only ports match nothing': text =>
    text.replaceAll('{"protocol":"UDP"}', '{"protocol":"UDP","port":"none"}'),
}

const tierMistakes: Mistakes = {
  'Pass denies': text => text.replaceAll('"action":"Pass"', '"action":"Deny"'),
  'the higher number goes first': text =>
    text.replaceAll(/"priority":(\d+)/g, (_, number) => `"priority":${1000 - number}`),
  'the baseline is an admin tier': text => text.replaceAll('"tier":"Baseline"', '"tier":"Admin"'),
  'an unknown peer is nobody': text =>
    text.replaceAll('{"serviceAccounts":{}}', '{"namespaces":{"matchLabels":{"no":"body"}}}'),
  'the end of a range is exclusive': text =>
    text.replaceAll(/"end":(\d+)/g, (_, port) => `"end":${Number(port) - 1}`),
  'tcp: {} is no port': text => text.replaceAll('"tcp":{}', '"tcp":{"destinationPort":{"number":2}}'),
  'no node is a peer': text => text.replaceAll('"nodes":', '"networks":["255.255.255.255/32"],"was":'),
  'a wildcard matches its apex': text => text.replaceAll('"*.example.org"', '"example.org"'),
}

const kinds = [
  { mistakes, worldOf, most: 1 },
  { mistakes: tierMistakes, worldOf: tieredWorldOf, most: 2 },
]

for (const kind of kinds)
  for (const [name, mistake] of Object.entries(kind.mistakes))
    t.test(`an engine for which ${name} is found out and described in a small world`, t => {
      const engine = mistaken(mistake)
      for (let seed = 1; seed <= 300; seed++) {
        const scene = { world: kind.worldOf(seed), edits: [] }
        const probes = probesOf(scene.world, seed, 100)
        const probe = probes.find(one => !isSameLine(engine(scene, one), askOracle(scene.world, one)))
        if (probe === undefined) continue
        const text = describe(engine, scene, probe, seed)
        t.match(text, `seed ${seed}`)
        const { policies } = JSON.parse(text.slice(text.indexOf('world {') + 6))
        t.ok(policies.length <= kind.most && policies.length > 0, `${policies.length} policies`)
        t.end()
        return
      }
      t.fail('not found in 30,000 probes')
      t.end()
    })
