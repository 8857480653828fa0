import t from 'tap'
import type { World } from '../../agent/policy/objects.ts'
import { askOracle, describe, type Engine, isSameLine, worldAfter } from './differential.ts'
import { probesOf } from './probes.ts'
import { worldOf } from './worlds.ts'

/** The oracle with one mistake: it reads another world than it is given. */
function mistaken(mistake: (text: string) => string): Engine {
  return (scene, probe) => {
    const { policies, ...rest } = worldAfter(scene)
    const misread = JSON.parse(mistake(JSON.stringify(policies))) as World['policies']
    return askOracle({ ...rest, policies: misread }, probe)
  }
}

const mistakes: Readonly<Record<string, (text: string) => string>> = {
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

for (const [name, mistake] of Object.entries(mistakes)) {
  t.test(`an engine for which ${name} is found out and described in a small world`, t => {
    const engine = mistaken(mistake)
    for (let seed = 1; seed <= 200; seed++) {
      const scene = { world: worldOf(seed), edits: [] }
      const probes = probesOf(scene.world, seed, 100)
      const probe = probes.find(one => !isSameLine(engine(scene, one), askOracle(scene.world, one)))
      if (probe === undefined) continue
      const text = describe(engine, scene, probe, seed)
      t.match(text, `seed ${seed}`)
      t.equal(JSON.parse(text.slice(text.indexOf('world {') + 6)).policies.length, 1)
      t.end()
      return
    }
    t.fail('not found in 20,000 probes')
    t.end()
  })
}
