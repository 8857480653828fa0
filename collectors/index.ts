// Every log format there is: one line each. The registry's order is the order in which content is tried for `auto`.

import { antreaFlow } from './antrea-flow.ts'
import { antreaNp } from './antrea-np.ts'
import { awsNpa } from './aws-npa.ts'
import { calicoFelixDenied } from './calico-felix-denied.ts'
import { calicoFlows } from './calico-flows.ts'
import { calicoWhisker } from './calico-whisker.ts'
import type { Format } from './collector.ts'
import { conntrack } from './conntrack.ts'
import { gkePolicyAction } from './gke-policy-action.ts'
import { hubble } from './hubble.ts'
import { kubeNetworkPolicies } from './kube-network-policies.ts'
import { kubeOvnAcl } from './kube-ovn-acl.ts'
import { netfilterLog } from './netfilter-log.ts'
import { ovnAcl } from './ovn-acl.ts'
import { ulogd } from './ulogd.ts'
import { vpcFlow } from './vpc-flow.ts'
import { weaveNpc } from './weave-npc.ts'

export const formats: readonly Format[] = [
  conntrack,
  netfilterLog,
  hubble,
  ulogd,
  weaveNpc,
  vpcFlow,
  kubeNetworkPolicies,
  antreaNp,
  kubeOvnAcl,
  ovnAcl,
  awsNpa,
  gkePolicyAction,
  calicoFelixDenied,
  calicoFlows,
  calicoWhisker,
  antreaFlow,
]

/** The format of that name, or undefined. */
export function formatByName(name: string): Format | undefined {
  return formats.find(format => format.name === name)
}
