// What the CRDs of the cluster-scoped kinds say (kubernetes-sigs/network-policy-api `apis/v1alpha1` and `apis/v1alpha2`), as far as
// they differ from one another.

import type { Action } from './tier-policy.ts'

export interface TierSchema {
  readonly apiVersion: string
  readonly actions: readonly Action[]
  /** Rules per direction, peers per rule, ports per rule. */
  readonly limit: number
  /** A10, C6: what a rule calls its ports, and with it their shape. */
  readonly ports: 'ports' | 'protocols'
  readonly hasDomainNames: boolean
}

const GROUP = 'policy.networking.k8s.io'

/** By kind; each is served in one version. */
export const tierSchemas: Readonly<Record<string, TierSchema>> = {
  AdminNetworkPolicy: {
    apiVersion: `${GROUP}/v1alpha1`,
    actions: ['Allow', 'Deny', 'Pass'],
    limit: 100,
    ports: 'ports',
    hasDomainNames: true,
  },
  BaselineAdminNetworkPolicy: {
    apiVersion: `${GROUP}/v1alpha1`,
    actions: ['Allow', 'Deny'],
    limit: 100,
    ports: 'ports',
    // A12: so there they are a field that is not known.
    hasDomainNames: false,
  },
  ClusterNetworkPolicy: {
    apiVersion: `${GROUP}/v1alpha2`,
    actions: ['Accept', 'Deny', 'Pass'],
    limit: 25,
    ports: 'protocols',
    hasDomainNames: true,
  },
}

/** The schema of a kind in this version; Antrea, AWS and others have kinds of the same names. */
export function tierSchema(kind: string, apiVersion: string): TierSchema | undefined {
  const schema = Object.hasOwn(tierSchemas, kind) ? tierSchemas[kind] : undefined
  return schema?.apiVersion === apiVersion ? schema : undefined
}
