import t from 'tap'
import type { PolicyObject } from '../../agent/policy/objects.ts'
import { noStamp } from '../../agent/timeline/index.ts'
import { labelWriter, policyWriter } from '../../agent/timeline/writer.ts'

const entry = (manager: string, time: string, fields: object | undefined, more: object = {}) => ({
  manager,
  operation: 'Update',
  time: `2026-11-24T12:00:${time}Z`,
  ...(fields && { fieldsV1: fields }),
  ...more,
})
const owns = (...parts: string[]) => ({ 'f:spec': Object.fromEntries(parts.map(part => [`f:${part}`, {}])) })

function policy(spec: object, ...managedFields: object[]): PolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'data', name: 'p', managedFields },
    spec,
  }
}

const argo = entry('argocd', '01', owns('ingress', 'podSelector'))
const first = policy({ podSelector: {}, ingress: [1] }, argo)

const changes: readonly [string, PolicyObject | undefined, PolicyObject, string | undefined][] = [
  [
    'who wrote the changed part',
    first,
    policy({ podSelector: {}, ingress: [2] }, argo, entry('edit', '09', owns('ingress'))),
    'edit',
  ],
  [
    'not who wrote another part since',
    first,
    policy(
      { podSelector: {}, ingress: [2] },
      entry('argocd', '20', owns('podSelector')),
      entry('edit', '09', owns('ingress')),
    ),
    'edit',
  ],
  [
    'not who owned the part all along',
    policy({ ingress: [1] }, argo, entry('edit', '05', owns('egress'))),
    policy({ ingress: [1], egress: [2] }, argo, entry('edit', '09', owns('egress'))),
    'edit',
  ],
  [
    'an entry that does not say what it owns',
    first,
    policy({ podSelector: {}, ingress: [2] }, argo, entry('old', '09', undefined)),
    'old',
  ],
  [
    'a subresource owns nothing',
    first,
    policy(
      { podSelector: {}, ingress: [2] },
      argo,
      entry('status', '09', undefined, { subresource: 'status' }),
    ),
    undefined,
  ],
  ['nobody has written since', first, policy({ podSelector: {}, ingress: [2] }, argo), undefined],
  ['a part that is only removed leaves no owner', first, policy({ podSelector: {} }, argo), undefined],
  [
    'unless one manager has written',
    first,
    policy({ podSelector: {} }, entry('argocd', '09', owns('podSelector'))),
    'argocd',
  ],
  [
    'two in one second',
    first,
    policy(
      { podSelector: { a: 1 }, ingress: [2] },
      entry('a', '09', owns('podSelector')),
      entry('b', '09', owns('ingress')),
    ),
    undefined,
  ],
  ['a creation', undefined, first, 'argocd'],
]

t.test('policyWriter() names the manager that wrote what changed, or nobody', t => {
  for (const [name, before, after, by] of changes) t.equal(policyWriter(before, after), by, name)
  t.end()
})

t.test('labelWriter() names nobody for a label that only went, nor a manager that has not written', t => {
  const was = { ...noStamp, written: 1, by: 'a' }
  const is = { ...noStamp, written: 2, by: 'b' }
  t.equal(labelWriter({ app: 'x' }, { app: 'y' }, was, is), 'b')
  t.equal(labelWriter({ app: 'x' }, { app: 'x', more: '' }, was, is), 'b')
  t.equal(labelWriter({ app: 'x', more: '' }, { app: 'x' }, was, is), undefined)
  t.equal(labelWriter({ app: 'x' }, { app: 'y' }, was, was), undefined)
  t.end()
})
