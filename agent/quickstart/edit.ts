// The edit that is made while the quickstart runs: somebody prepares the ledger's policy for a gateway-v2 that is not there yet,
// and the deployment tool puts it back. Each step is a watch event as the API server would send it.

import type { PolicyRule, Shop, ShopPolicy } from './shop.ts'

export const editedPolicy = 'payments/ledger-ingress'

export type Step = 'edit' | 'revert'

export interface WatchEvent {
  /** RFC 3339 in UTC with milliseconds: when the API server accepted it. */
  readonly at: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: ShopPolicy
}

const managers = {
  edit: { manager: 'kubectl-edit', operation: 'Update' },
  revert: { manager: 'argocd-controller', operation: 'Apply' },
} as const

/** The edited policy as the manifests have it. */
export function policyToEdit(shop: Shop): ShopPolicy {
  const found = shop.policies.find(
    ({ metadata }) => `${metadata.namespace}/${metadata.name}` === editedPolicy,
  )
  if (!found) throw new Error(`Cannot edit "${editedPolicy}": the manifests have no such policy`)
  return found
}

/** What the watch says when `step` happens at `at` (milliseconds since 1970) and gives the policy this generation. */
export function editEvent(original: ShopPolicy, step: Step, generation: number, at: number): WatchEvent {
  const [first, ...rest] = original.spec.ingress ?? []
  const ingress = step === 'edit' && first ? [forGatewayV2(first), ...rest] : original.spec.ingress
  return {
    at: new Date(at).toISOString(),
    type: 'MODIFIED',
    object: {
      ...original,
      metadata: { ...original.metadata, generation, managedFields: fieldsAfter(original, step, at) },
      spec: { ...original.spec, ...(ingress ? { ingress } : {}) },
    },
  }
}

function forGatewayV2(rule: PolicyRule): PolicyRule {
  return { ...rule, from: [{ podSelector: { matchLabels: { app: 'gateway-v2' } } }] }
}

/** Who wrote last owns the changed part. The API server keeps whole seconds. */
function fieldsAfter(original: ShopPolicy, step: Step, at: number): unknown[] {
  const entry = {
    ...managers[step],
    apiVersion: 'networking.k8s.io/v1',
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:ingress': {} } },
  }
  return step === 'edit' ? [...(original.metadata.managedFields ?? []), entry] : [entry]
}

/** The shop's policies with one of them replaced. */
export function withPolicy(shop: Shop, policy: ShopPolicy): readonly ShopPolicy[] {
  const { namespace, name } = policy.metadata
  return shop.policies.map(other =>
    other.metadata.namespace === namespace && other.metadata.name === name ? policy : other,
  )
}
