import { existsSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { askProbe, caseWorld, compile, type EvaluationCase } from '../../agent/policy/index.ts'

/** By file: how many cases it has at least. */
const files = { 'cases.json': 200, 'cases-tiered.json': 45 }

interface Case extends EvaluationCase {
  readonly id: string
  readonly probe: object
  readonly expect: object
}

for (const [name, count] of Object.entries(files)) {
  const file = new URL(`../../../shared/semantics/${name}`, import.meta.url)
  t.test(
    `every hand-checked case of ${name} is answered as expected`,
    { skip: existsSync(file) ? false : `no ${file.pathname}` },
    async t => {
      const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
      for (const each of cases) checkCase(t, each)
      t.ok(cases.length >= count, `${cases.length} cases`)
    },
  )
}

function checkCase(t: Test, each: Case): void {
  const world = caseWorld(each)
  if ('problems' in world) {
    t.fail(each.id, { problems: world.problems })
    return
  }
  const epoch = compile(world, { profile: 'upstream' })
  const line = JSON.parse(JSON.stringify(askProbe(epoch, { ...each.probe, id: each.id })))
  const { egress, ingress, verdict, responsible } = line
  t.strictSame({ egress, ingress, verdict, responsible }, each.expect, each.id)
  t.equal('nearest' in line, verdict === 'denied', `${each.id}: nearest misses of denials only`)
}

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
  t.strictSame(caseWorld({ dns: { 'example.org': ['203.0.113.1'], '203.0.113.1': 'example.org' } }), {
    problems: [
      'dns.example.org: "example.org" is not an IP address',
      'dns.203.0.113.1: must be a list, not "example.org"',
    ],
  })
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
