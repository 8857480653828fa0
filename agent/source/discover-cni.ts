// What known CNIs write and where, what shows that one is here, and which one setting makes it write more. Paths are below the
// host's /var, `*` stands for any part of one name; formats/ of the documentation has the lines.

/** A CNI whose differences are known (`profile` of the configuration). */
export type FoundProfile =
  | 'calico'
  | 'cilium'
  | 'kube-router'
  | 'kube-network-policies'
  | 'antrea'
  | 'ovn-kubernetes'
  | 'aws'

/** Files of one format. */
export interface Logs {
  readonly format: string
  /** In the order of preference: where `isOneOf`, those after the first that is there hold the same lines again. */
  readonly paths: readonly string[]
  readonly isOneOf?: boolean
  /** Its file is made with the first line, so it is waited for where the CNI is. */
  readonly isAwaited?: boolean
}

export interface Cni {
  readonly name: string
  readonly profile?: FoundProfile
  /** Any of these shows that it enforces policies here. */
  readonly signs: readonly string[]
  readonly logs?: Logs
  /** Ends the sentence "Calico is here, but ...": what is missing and what turns it on. */
  readonly advice: string
}

/** Of a container's log: kubelet makes a directory of each pod, `NAMESPACE_POD_UID/CONTAINER/0.log`. */
const container = (name: string): string => `log/pods/*/${name}`

export const cnis: readonly Cni[] = [
  {
    name: 'Cilium',
    profile: 'cilium',
    signs: ['run/cilium', container('cilium-agent')],
    logs: {
      format: 'hubble',
      paths: ['run/cilium/hubble/*.log', 'log/cilium/hubble/*.log', 'log/hubble/*.log'],
    },
    advice:
      'Hubble writes no flows to a file: set hubble.export.static.enabled=true in its Helm values and mount /var/run/cilium/hubble',
  },
  {
    name: 'Antrea',
    profile: 'antrea',
    signs: ['log/antrea', container('antrea-agent')],
    logs: { format: 'antrea-np', paths: ['log/antrea/networkpolicy/np.log'], isAwaited: true },
    advice:
      'it has logged no policy yet: set enableLogging: true on rules of its own policies, or annotate namespaces with networkpolicy.antrea.io/enable-logging=true',
  },
  {
    name: 'OVN-Kubernetes',
    profile: 'ovn-kubernetes',
    signs: ['log/ovn-kubernetes', container('ovnkube-node'), container('ovnkube-controller')],
    logs: {
      format: 'ovn-acl',
      paths: ['log/ovn/acl-audit-log.log', 'log/ovn/ovn-controller.log'],
      isOneOf: true,
    },
    advice: `it logs no policy: annotate namespaces with k8s.ovn.org/acl-logging='{"deny":"alert"}' and mount /var/log/ovn`,
  },
  {
    name: 'Kube-OVN',
    signs: ['log/kube-ovn', 'log/pods/*_kube-ovn-cni-*'],
    logs: { format: 'kube-ovn-acl', paths: ['log/ovn/ovn-controller.log'] },
    advice:
      'its OVN logs no policy: annotate policies with ovn.kubernetes.io/enable_log=true and mount /var/log/ovn',
  },
  {
    name: 'the AWS network policy agent',
    profile: 'aws',
    signs: [container('aws-eks-nodeagent'), container('aws-network-policy-agent')],
    logs: {
      format: 'aws-npa',
      paths: ['log/aws-routed-eni/network-policy-agent.log', 'run/aws-routed-eni/network-policy-agent.log'],
      isOneOf: true,
    },
    advice:
      'it logs no verdict: start it with --enable-policy-event-logs=true and mount /var/log/aws-routed-eni',
  },
  {
    name: 'GKE Dataplane V2',
    profile: 'cilium',
    signs: ['log/pods/*_anetd-*'],
    logs: { format: 'gke-policy-action', paths: ['log/network/policy_action.log'], isAwaited: true },
    advice:
      'it has logged no policy yet: set spec.cluster.deny.log=true in the NetworkLogging object named default',
  },
  {
    name: 'Calico',
    profile: 'calico',
    signs: ['log/calico', container('calico-node')],
    logs: { format: 'calico-flows', paths: ['log/calico/flowlogs/flows.log'] },
    advice:
      'it writes no flows to a file: Calico Enterprise and Cloud do with flowLogsFileEnabled: true in FelixConfiguration; with open-source Calico give a rule the action Log, which the kernel log shows (its Goldmane and Whisker keep flows in no file of the node)',
  },
  {
    name: 'kube-network-policies',
    profile: 'kube-network-policies',
    signs: ['log/pods/*_kube-network-policies-*', 'log/pods/*_kindnet-*'],
    logs: {
      format: 'kube-network-policies',
      paths: [
        'log/pods/*_kube-network-policies-*/*/*.log',
        'log/pods/*_kindnet-*/*/*.log',
        'log/containers/kube-network-policies-*.log',
        'log/containers/kindnet-*.log',
      ],
    },
    advice: 'its log is not to be seen: mount /var/log/pods, and start it with -v=2',
  },
  {
    name: 'Weave',
    signs: ['log/pods/*_weave-net-*', container('weave-npc')],
    logs: {
      format: 'weave-npc',
      paths: ['log/pods/*_weave-net-*/weave-npc/*.log', 'log/containers/weave-net-*_weave-npc-*.log'],
    },
    advice: 'its log is not to be seen: mount /var/log/pods',
  },
  {
    name: 'kube-router',
    profile: 'kube-router',
    signs: [container('kube-router')],
    advice:
      'it tells of denials only in NFLOG group 100: run ulogd on the node with a stack that reads that group',
  },
]

/** ulogd's outputs, LOGEMU and JSON, by the names of its packages and those that people use. */
export const ulogd: Logs = {
  format: 'ulogd',
  paths: [
    'log/ulog/*.log',
    'log/ulog/*.json',
    'log/ulogd/*.log',
    'log/ulogd/*.json',
    'log/ulogd*.json',
    'log/ulogd_*.log',
  ],
}

/** Each syslog daemon's file of the kernel's messages; the later ones hold what the earlier ones do. */
export const kernelLogs: Logs = {
  format: 'netfilter-log',
  paths: ['log/kern.log', 'log/messages', 'log/syslog'],
  isOneOf: true,
}
