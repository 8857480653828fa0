// kube-ovn-acl: the ACL log of Kube-OVN in ovn-controller's log, /var/log/ovn/ovn-controller.log. The line is acl-log.ts'; the
// names are given by kube-ovn pkg/controller and pkg/ovs, and one of more than 63 characters is its first 60 and `...`:
//
//   np/<policy>.<ns>/<ingress|egress>/<IPv4|IPv6>/<index|all>[/…]     a rule of a NetworkPolicy
//   <ns>/<policy>                                                     its default drop
//   anp/<name>/…  banp/<name>/…  cnp/<name>/…                         the kinds for administrators
//   <subnet>                                                          the drop of a private Subnet
//   <unnamed>                                                         before v1.13

import { type AclName, type AclNames, createAclLog, NO_POLICY } from './acl-log.ts'
import type { Format } from './collector.ts'
import { Direction } from './flow.ts'
import { policyName } from './policy-kinds.ts'

const UNNAMED = '<unnamed>'
/** What Neutron calls its ACLs, which end up in the same log. */
const NEUTRON = /^neutron-/

/** Names of OVN-Kubernetes have a colon or, before 2023, an underscore; a slash or neither of them is Kube-OVN's. */
export function isKubeOvnName(name: string): boolean {
  if (name.includes('/')) return true
  if (name === UNNAMED) return true
  return /^[a-z0-9][a-z0-9.-]*$/.test(name) && !NEUTRON.test(name)
}

const names: AclNames = { by: 'kube-ovn', isOwn: isKubeOvnName, read }

const kinds = new Map([
  ['np', 'NetworkPolicy'],
  ['anp', 'AdminNetworkPolicy'],
  ['banp', 'BaselineAdminNetworkPolicy'],
  ['cnp', 'ClusterNetworkPolicy'],
])
const directions = new Map<string, Direction>([
  ['ingress', Direction.ingress],
  ['egress', Direction.egress],
])

function read(name: string): AclName {
  if (name === UNNAMED) return { policies: [], kind: '', direction: Direction.none }
  const parts = name.split('/')
  if (parts.length === 1) return { policies: [], kind: NO_POLICY, direction: Direction.none }
  if (parts.length === 2) return readDefaultDrop(name)
  const kind = kinds.get(parts[0]!) ?? ''
  return {
    policies: policiesOf(kind, parts[0]!, parts[1]!),
    kind,
    direction: directions.get(parts[2]!) ?? Direction.none,
  }
}

/** `ns/policy`; of one that was cut, only that it is a NetworkPolicy's. */
function readDefaultDrop(name: string): AclName {
  return { policies: name.endsWith('...') ? [] : [name], kind: 'NetworkPolicy', direction: Direction.none }
}

/**
 * Kube-OVN puts the kind's short name before a name that does not begin with a letter, so `np1-deny` may be either policy and is
 * not said.
 */
function policiesOf(kind: string, short: string, text: string): string[] {
  if (kind === '' || text.endsWith('...') || new RegExp(`^${short}[^a-z]`).test(text)) return []
  if (kind !== 'NetworkPolicy') return [policyName(kind, '', text)]
  // A policy's name may have dots, a namespace's has none.
  const dot = text.lastIndexOf('.')
  return dot <= 0 ? [] : [policyName(kind, text.slice(dot + 1), text.slice(0, dot))]
}

export const kubeOvnAcl: Format = {
  name: 'kube-ovn-acl',
  claims: ['allowed', 'denied', 'rejected', 'none'],
  marker: '`|acl_log` and `name="` with `<unnamed>`, a name with a slash, or one without `:` and `_`',
  endsOpen: true,
  create: options => createAclLog(options, names),
}
