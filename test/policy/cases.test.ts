import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { askProbe, caseWorld, compile, type EvaluationCase } from '../../agent/policy/index.ts'

const file = new URL('../../../shared/semantics/cases.json', import.meta.url)

interface Case extends EvaluationCase {
  readonly id: string
  readonly probe: object
  readonly expect: object
}

t.test(
  'every hand-checked case is answered as expected',
  { skip: existsSync(file) ? false : `no ${file.pathname}` },
  async t => {
    const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
    for (const each of cases) {
      const world = caseWorld(each)
      if ('problems' in world) {
        t.fail(each.id, { problems: world.problems })
        continue
      }
      const line = JSON.parse(
        JSON.stringify(askProbe(compile(world, { profile: 'upstream' }), { ...each.probe, id: each.id })),
      )
      const { egress, ingress, verdict, responsible } = line
      t.strictSame({ egress, ingress, verdict, responsible }, each.expect, each.id)
      t.equal('nearest' in line, verdict === 'denied', `${each.id}: nearest misses of denials only`)
    }
    t.ok(cases.length > 200, `${cases.length} cases`)
  },
)

t.test('a case that cannot be read says where and why', async t => {
  t.strictSame(
    caseWorld({ pods: [{ ns: 'x', ip: '10.0.0.300', ports: [{ port: 'http' }] }], namespaces: {} }),
    {
      problems: [
        'namespaces: must be a list, not {}',
        'pods[0].name: must be given',
        'pods[0].ips[0]: "10.0.0.300" is not an IP address',
        'pods[0].ports[0].port: must be a number, not "http"',
      ],
    },
  )
})

t.test(
  'of container ports, those of ordinary init containers do not count, those of sidecars do (S44)',
  async t => {
    const ports = ['init', 'sidecar', undefined].map((container, i) => ({
      name: 'web',
      port: 80 + i,
      container,
    }))
    const world = caseWorld({ pods: [{ ns: 'x', name: 'a', ip: '10.0.0.1', ports }] })
    const kept = 'pods' in world && world.pods[0]?.ports.map(({ port }) => port)
    t.strictSame(kept, [81, 82])
  },
)
