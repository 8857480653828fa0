// What a CNI says is made once for equal texts, so that a judged connection is found again by identity.

import t from 'tap'
import { Outcome } from '../../collectors/collector.ts'
import { formatByName } from '../../collectors/index.ts'
import { createInterned } from '../../collectors/interned.ts'
import { fileLines, options, readOne } from './flows.ts'

const lines: readonly (readonly [string, string])[] = [
  ['antrea-np', 'antrea-np/np.log'],
  ['ovn-acl', 'ovn-acl/audit.log'],
  ['kube-ovn-acl', 'kube-ovn-acl/ovn-controller.log'],
  ['aws-npa', 'aws-npa/network-policy-agent.log'],
  ['gke-policy-action', 'gke-policy-action/policy_action.log'],
  ['calico-flows', 'calico-flows/flows.log'],
  ['calico-whisker', 'calico-whisker/flows.log'],
]

t.test('equal texts give the same report, and the same names', async t => {
  for (const [format, file] of lines) {
    const collector = formatByName(format)!.create(options)
    for (const line of fileLines(new URL(`../fixtures/${file}`, import.meta.url))) {
      const first = readOne(collector, line)
      if (first.outcome !== Outcome.flow || first.flow.reported === undefined) continue
      const again = readOne(collector, line)
      if (again.flow.reported !== first.flow.reported || again.flow.names !== first.flow.names)
        t.fail(`${format}: ${Buffer.from(line)}`)
    }
  }
})

t.test('what is kept is bounded, and right when it is made again', async t => {
  let made = 0
  const interned = createInterned(text => {
    made++
    return { text }
  })
  for (let i = 0; i < 10_000; i++)
    if (interned.of(`policy ${i}`).text !== `policy ${i}`) t.fail(`policy ${i}`)
  t.equal(interned.of('policy 9999'), interned.of('policy 9999'))
  t.equal(made, 10_000)
  interned.of('policy 0')
  t.equal(made, 10_001, 'the oldest have gone')
  const long = 'x'.repeat(2000)
  t.not(interned.of(long), interned.of(long), 'a text that is too long is not kept')
})
