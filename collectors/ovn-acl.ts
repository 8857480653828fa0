// ovn-acl: the ACL audit log of OVN-Kubernetes, /var/log/ovn/acl-audit-log.log on OpenShift, else ovn-controller's log. The line
// is acl-log.ts'; the names are given by go-controller/pkg/libovsdb/util/acl.go, cut to 63 characters:
//
//   NP:<ns>:<policy>:<Ingress|Egress>:<index>      a rule of a NetworkPolicy
//   NP:<ns>:<Ingress|Egress>                       the default deny, which all policies of the namespace share
//   ANP:<name>:…  BANP:default:…                   AdminNetworkPolicy, BaselineAdminNetworkPolicy
//   EF:<ns>:<rule>                                 EgressFirewall
//   <ns>_<policy>_<index>  <ns>_ingressDefaultDeny  <ns>_<policy>     before 2023

import { type AclName, type AclNames, createAclLog } from './acl-log.ts'
import type { Format } from './collector.ts'
import { Direction } from './flow.ts'
import { isKubeOvnName } from './kube-ovn-acl.ts'
import { policyName } from './policy-kinds.ts'

/** From this length on the end of a name may have been cut. */
const CUT = 60

const names: AclNames = { by: 'ovn-kubernetes', isOwn: name => !isKubeOvnName(name), read }

function read(name: string): AclName {
  const parts = name.split(':')
  const isWhole = name.length < CUT
  switch (parts[0]) {
    case 'NP':
      return readNetworkPolicy(parts.slice(1), isWhole)
    case 'ANP':
      return readClusterPolicy('AdminNetworkPolicy', parts, isWhole)
    case 'BANP':
      return readClusterPolicy('BaselineAdminNetworkPolicy', parts, isWhole)
    case 'CNP':
      return readClusterPolicy('ClusterNetworkPolicy', parts, isWhole)
    case 'EF':
      return readEgressFirewall(parts, isWhole)
    default:
      return readOldName(name, isWhole)
  }
}

const directions = new Map<string, Direction>([
  ['Ingress', Direction.ingress],
  ['Egress', Direction.egress],
])

/** A part is whole where another one follows. Objects' names are in lower case, so `Ingress` is none. */
function readNetworkPolicy(parts: readonly string[], isWhole: boolean): AclName {
  const [ns, second, third] = parts
  const isDefault = second !== undefined && directions.has(second)
  const isNamed = !isDefault && second !== undefined && (third !== undefined || isWhole)
  return {
    policies: isNamed ? [policyName('NetworkPolicy', ns!, second)] : [],
    kind: 'NetworkPolicy',
    direction: directions.get((isDefault ? second : third) ?? '') ?? Direction.none,
  }
}

function readClusterPolicy(kind: string, [, name, direction]: readonly string[], isWhole: boolean): AclName {
  const isNamed = name !== undefined && name !== '' && (direction !== undefined || isWhole)
  return {
    policies: isNamed ? [policyName(kind, '', name)] : [],
    kind,
    direction: directions.get(direction ?? '') ?? Direction.none,
  }
}

/** It has one object for each namespace, which must be called `default`, and rules for egress alone, whatever the ACL's side is. */
function readEgressFirewall([, ns, rule]: readonly string[], isWhole: boolean): AclName {
  const isNamed = ns !== undefined && ns !== '' && (rule !== undefined || isWhole)
  return {
    policies: isNamed ? [policyName('EgressFirewall', ns, 'default')] : [],
    kind: 'EgressFirewall',
    direction: Direction.egress,
  }
}

/** Neither namespaces nor policies have `_` in their names. */
function readOldName(name: string, isWhole: boolean): AclName {
  const [ns, policy, index] = name.split('_')
  if (policy === undefined || ns === '') return { policies: [], kind: '', direction: Direction.none }
  const isDefault = policy.endsWith('DefaultDeny')
  const isNamed = !isDefault && policy !== '' && (index !== undefined || isWhole)
  return {
    policies: isNamed ? [policyName('NetworkPolicy', ns!, policy)] : [],
    kind: 'NetworkPolicy',
    direction: !isDefault
      ? Direction.none
      : policy.startsWith('ingress')
        ? Direction.ingress
        : Direction.egress,
  }
}

export const ovnAcl: Format = {
  name: 'ovn-acl',
  claims: ['allowed', 'denied', 'rejected', 'none'],
  marker: '`|acl_log` and `name="` with a name that is not one of Kube-OVN\'s',
  endsOpen: true,
  create: options => createAclLog(options, names),
}
