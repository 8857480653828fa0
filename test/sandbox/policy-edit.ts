// The edit of the sandbox: the port `feed` of front/api is taken out of its policy, and put back. Who did it, and when the API server
// took it, stands where kubectl would have left it.

import type { KubernetesObject } from './live-world.ts'

export type Edit = 'close' | 'open'

export const editors = { close: 'kubectl-edit', open: 'argocd-controller' } as const

interface Spec {
  readonly ingress: readonly { readonly ports?: readonly { readonly port: unknown }[] }[]
}

/** `original`: the policy as the world has it, with the port. */
export function editedPolicy(original: KubernetesObject, edit: Edit, generation: number): KubernetesObject {
  const entry = {
    manager: editors[edit],
    operation: 'Update',
    apiVersion: 'networking.k8s.io/v1',
    // The API server keeps whole seconds.
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:ingress': {} } },
  }
  const spec = original.spec as Spec
  return {
    ...original,
    metadata: { ...original.metadata, generation, managedFields: [entry] },
    spec: edit === 'open' ? spec : { ...spec, ingress: spec.ingress.map(withoutFeed) },
  }
}

function withoutFeed({ ports, ...rule }: Spec['ingress'][number]): object {
  return ports === undefined ? rule : { ...rule, ports: ports.filter(({ port }) => port !== 'feed') }
}
