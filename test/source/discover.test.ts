// Which sources are found on a host, by what lies on its disk.

import { posix } from 'node:path'
import t from 'tap'
import { type DiscoverOptions, discoverSources } from '../../agent/source/discover.ts'
import type { Disk, FileStat } from '../../agent/source/disk.ts'

/** Path -> text; `-> PATH` is a link, an error's code what opening it says. */
type Tree = Readonly<Record<string, string | { readonly code: string }>>

function diskOf(tree: Tree): Disk {
  const paths = Object.keys(tree)
  const isDirectory = (path: string) => paths.some(each => each.startsWith(`${path}/`))
  const target = (path: string): string => {
    const to = tree[path]
    return typeof to === 'string' && to.startsWith('-> ') ? to.slice(3) : path
  }
  return {
    stat(path) {
      const real = target(path)
      if (tree[real] === undefined && !isDirectory(real)) return undefined
      return { dev: 1, ino: paths.indexOf(real), size: 1, isFile: tree[real] !== undefined } as FileStat
    },
    list: directory => [
      ...new Set(
        paths
          .filter(path => path.startsWith(`${directory}/`))
          .map(path => path.slice(directory.length + 1).split('/')[0]!),
      ),
    ],
    realPath: path => target(path),
    open(path) {
      const text = tree[target(path)]
      if (text === undefined) return undefined
      if (typeof text === 'object') throw Object.assign(new Error(`${text.code}: no`), text)
      return {
        stat: () => ({}) as FileStat,
        read: (buffer, offset) => Buffer.from(text).copy(buffer, 0, offset),
        close() {},
      }
    },
  }
}

const host = {
  '/dev/kmsg': '',
  '/proc/self/status': 'Name:\tnode\nCapEff:\t0000000000001000\n',
}

function discover(tree: Tree, options: Partial<DiscoverOptions> = {}) {
  return discoverSources({
    logDirectory: '/var/log',
    procDirectory: '/proc',
    kmsg: '/dev/kmsg',
    disk: diskOf({ ...host, ...tree }),
    has: program => program === 'conntrack',
    ...options,
  })
}

const files = (format: string, file: string) => ({ format, files: [file], begin: 'start' })
const always = [{ kernel: 'kmsg', begin: 'start' }, { conntrack: 'events' }]

const hubble =
  '{"flow":{"time":"2026-11-24T10:00:00.1Z","verdict":"DROPPED","drop_reason_desc":"POLICY_DENIED","IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":4000,"destination_port":80,"flags":{"SYN":true}}},"Type":"L3_L4","event_type":{"type":5},"traffic_direction":"INGRESS","is_reply":false},"node_name":"w1","time":"2026-11-24T10:00:00.1Z"}\n'
const ovn =
  '2026-11-24T10:00:00.123Z|00004|acl_log(ovn_pinctrl0)|INFO|name="NP:shop:Ingress", verdict=drop, severity=alert, direction=to-lport: tcp,vlan_tci=0x0000,dl_src=0a:58:0a:80:02:01,dl_dst=0a:58:0a:80:02:02,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=0,nw_ecn=0,nw_ttl=62,nw_frag=no,tp_src=4000,tp_dst=80,tcp_flags=syn\n'
const kubeOvn = ovn.replace('NP:shop:Ingress', 'np/db-in.shop/ingress/IPv4/all')
const dropped =
  '2026-11-24T10:00:01.500000+00:00 w1 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=10.0.0.1 DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 \n'

const pod = (ns: string, name: string, container: string) =>
  `/var/log/pods/${ns}_${name}_0f6c/${container}/0.log`

const table: readonly {
  readonly name: string
  readonly tree: Tree
  readonly found: readonly object[]
  readonly profile: string | undefined
  /** Of what is said, the parts that count. */
  readonly said?: readonly RegExp[]
}[] = [
  {
    name: 'nothing',
    tree: {},
    found: [],
    profile: undefined,
    said: [/^No CNI that is known here was found: nothing of one is in "\/var\/log"$/],
  },
  {
    name: 'Cilium with its exporter',
    tree: {
      '/var/run/cilium/hubble/events.log': hubble,
      [pod('kube-system', 'cilium-x', 'cilium-agent')]: '',
    },
    found: [files('hubble', '/var/run/cilium/hubble/*.log')],
    profile: 'cilium',
  },
  {
    name: 'Cilium without',
    tree: { '/var/run/cilium/cilium.pid': '1', [pod('kube-system', 'cilium-x', 'cilium-agent')]: '' },
    found: [],
    profile: 'cilium',
    said: [/^Cilium is here, but .*hubble\.export\.static\.enabled=true/],
  },
  {
    name: 'Antrea',
    tree: { '/var/log/antrea/networkpolicy/np.log': '' },
    found: [files('antrea-np', '/var/log/antrea/networkpolicy/np.log')],
    profile: 'antrea',
  },
  {
    name: 'Antrea that has logged no policy yet',
    tree: { '/var/log/antrea/antrea-agent.log': 'I1124 started\n' },
    found: [files('antrea-np', '/var/log/antrea/networkpolicy/np.log')],
    profile: 'antrea',
    said: [/^Antrea is here, but it has logged no policy yet: set enableLogging: true/],
  },
  {
    name: 'OVN-Kubernetes, whose controller logs the same again',
    tree: { '/var/log/ovn/acl-audit-log.log': ovn, '/var/log/ovn/ovn-controller.log': ovn },
    found: [files('ovn-acl', '/var/log/ovn/acl-audit-log.log')],
    profile: 'ovn-kubernetes',
    said: [
      /ovn-controller\.log" is not read beside ".*acl-audit-log\.log": it would tell of the same again$/,
    ],
  },
  {
    name: 'OVN-Kubernetes by what its controller logs',
    tree: { '/var/log/ovn/ovn-controller.log': ovn },
    found: [files('ovn-acl', '/var/log/ovn/ovn-controller.log')],
    profile: 'ovn-kubernetes',
  },
  {
    name: 'Kube-OVN, whose controller has logged no policy yet',
    tree: { '/var/log/ovn/ovn-controller.log': 'started\n', '/var/log/kube-ovn/kube-ovn-cni.log': '' },
    found: [files('kube-ovn-acl', '/var/log/ovn/ovn-controller.log')],
    profile: undefined,
  },
  {
    name: 'Kube-OVN by what its controller logs',
    tree: { '/var/log/ovn/ovn-controller.log': kubeOvn },
    found: [files('kube-ovn-acl', '/var/log/ovn/ovn-controller.log')],
    profile: undefined,
  },
  {
    name: 'AWS',
    tree: { '/var/log/aws-routed-eni/network-policy-agent.log': '' },
    found: [files('aws-npa', '/var/log/aws-routed-eni/network-policy-agent.log')],
    profile: 'aws',
  },
  {
    name: 'AWS addresses with Calico policies',
    tree: { '/var/log/aws-routed-eni/ipamd.log': '', '/var/log/calico/cni/cni.log': '' },
    found: [],
    profile: 'calico',
    said: [/^Calico is here, but .*flowLogsFileEnabled: true.*Goldmane/],
  },
  {
    name: 'GKE',
    tree: { '/var/log/network/policy_action.log': '' },
    found: [files('gke-policy-action', '/var/log/network/policy_action.log')],
    profile: 'cilium',
  },
  {
    name: 'Calico Enterprise',
    tree: { '/var/log/calico/flowlogs/flows.log': '' },
    found: [files('calico-flows', '/var/log/calico/flowlogs/flows.log')],
    profile: 'calico',
  },
  {
    name: 'kube-network-policies, by its links as well',
    tree: {
      [pod('kube-system', 'kube-network-policies-x2', 'kube-network-policies')]: '',
      '/var/log/containers/kube-network-policies-x2_kube-system_kube-network-policies-ab.log': `-> ${pod('kube-system', 'kube-network-policies-x2', 'kube-network-policies')}`,
    },
    found: [files('kube-network-policies', '/var/log/pods/*_kube-network-policies-*/*/*.log')],
    profile: 'kube-network-policies',
  },
  {
    name: 'Weave, whose main container writes no policy',
    tree: {
      [pod('kube-system', 'weave-net-1', 'weave')]: '',
      [pod('kube-system', 'weave-net-1', 'weave-npc')]: '',
    },
    found: [files('weave-npc', '/var/log/pods/*_weave-net-*/weave-npc/*.log')],
    profile: undefined,
  },
  {
    name: 'kube-router with ulogd',
    tree: {
      [pod('kube-system', 'kube-router-7', 'kube-router')]: '',
      '/var/log/ulog/syslogemu.log': '',
      '/var/log/ulogd.json': '',
    },
    found: [files('ulogd', '/var/log/ulog/*.log'), files('ulogd', '/var/log/ulogd*.json')],
    profile: 'kube-router',
    said: [/^Kube-router is here, but|^kube-router is here, but it tells of denials only in NFLOG group 100/],
  },
  {
    name: 'a name that fits with lines that do not',
    tree: { '/var/log/antrea/networkpolicy/np.log': hubble },
    found: [],
    profile: 'antrea',
    said: [/np\.log" is not read as antrea-np: its lines are hubble; name it in sources/],
  },
  {
    name: 'of several files under a pattern, one of another format',
    tree: { '/var/run/cilium/hubble/a.log': hubble, '/var/run/cilium/hubble/b.log': ovn },
    found: [files('hubble', '/var/run/cilium/hubble/a.log')],
    profile: 'cilium',
    said: [/b\.log" is not read as hubble: its lines are ovn-acl/],
  },
  {
    name: 'two CNIs, of which one writes',
    tree: { '/var/run/cilium/hubble/a.log': hubble, '/var/log/calico/cni/cni.log': '' },
    found: [files('hubble', '/var/run/cilium/hubble/*.log')],
    profile: 'cilium',
    said: [/^Calico is here/],
  },
  {
    name: 'two CNIs that both write',
    tree: { '/var/run/cilium/hubble/a.log': hubble, '/var/log/calico/flowlogs/flows.log': '' },
    found: [
      files('hubble', '/var/run/cilium/hubble/*.log'),
      files('calico-flows', '/var/log/calico/flowlogs/flows.log'),
    ],
    profile: undefined,
    said: [/^Cilium and Calico are here, which differ: .*\(profile: cilium or calico\)$/],
  },
  {
    name: 'a log that may not be read is followed all the same',
    tree: { '/var/log/antrea/networkpolicy/np.log': { code: 'EACCES' } },
    found: [files('antrea-np', '/var/log/antrea/networkpolicy/np.log')],
    profile: 'antrea',
    said: [/^Cannot read ".*np\.log" to see what it holds: EACCES/],
  },
  {
    name: 'a kernel log beside /dev/kmsg',
    tree: { '/var/log/kern.log': dropped },
    found: [],
    profile: undefined,
  },
]

for (const { name, tree, found, profile, said = [] } of table)
  t.test(`found: ${name}`, async t => {
    const discovered = discover(tree)
    t.strictSame(
      discovered.found.map(({ source }) => source),
      [...found, ...always],
    )
    t.equal(discovered.profile, profile)
    for (const text of said)
      t.ok(
        discovered.notFound.some(each => text.test(each)),
        `${text} is said`,
      )
    if (said.length > 0 || profile === undefined) return
    t.strictSame(discovered.notFound, [], 'nothing is missing')
  })

t.test('each source is told in one sentence', async t => {
  const { found } = discover({ '/var/log/antrea/networkpolicy/np.log': '' })
  t.strictSame(
    found.map(({ text }) => text),
    [
      'antrea-np in /var/log/antrea/networkpolicy/np.log',
      'the kernel log in /dev/kmsg',
      'connections as conntrack tells of them',
    ],
  )
})

t.test('the kernel log is read once, from the best place there is', async t => {
  const denied = { '/dev/kmsg': { code: 'EPERM' } }
  const journal = { '/var/log/journal/0123/system.journal': '' }
  const kernelLogs = { '/var/log/kern.log': dropped, '/var/log/syslog': dropped }
  const kernel = { kernel: 'journal', begin: 'start' }
  for (const [tree, programs, expected, text] of [
    [{ ...denied, ...journal, ...kernelLogs }, ['journalctl'], [kernel], /grant CAP_SYSLOG/],
    [
      { ...denied, ...kernelLogs },
      ['journalctl'],
      [files('netfilter-log', '/var/log/kern.log')],
      /CAP_SYSLOG/,
    ],
    [
      { ...denied, ...journal, ...kernelLogs },
      [],
      [files('netfilter-log', '/var/log/kern.log')],
      /CAP_SYSLOG/,
    ],
    [
      { ...denied, '/var/log/syslog': dropped },
      [],
      [files('netfilter-log', '/var/log/syslog')],
      /CAP_SYSLOG/,
    ],
    [denied, [], [], /No kernel log is to be read/],
  ] as const) {
    const { found, notFound } = discover(tree, { has: program => programs.some(each => each === program) })
    t.strictSame(
      found.map(({ source }) => source),
      expected,
    )
    t.ok(
      notFound.some(each => text.test(each)),
      String(text),
    )
  }
})

t.test('connections are taken only where conntrack is there and may run', async t => {
  const without = discover({}, { has: () => false })
  t.notOk(without.found.some(({ source }) => 'conntrack' in source))
  t.ok(without.notFound.some(each => /install conntrack-tools/.test(each)))
  const forbidden = discover({ '/proc/self/status': 'CapEff:\t0000000000000000\n' })
  t.notOk(forbidden.found.some(({ source }) => 'conntrack' in source))
  t.ok(forbidden.notFound.some(each => /needs CAP_NET_ADMIN/.test(each)))
})

t.test('the directories of the host may be mounted elsewhere', async t => {
  const tree = {
    '/host/var/log/antrea/networkpolicy/np.log': '',
    '/host/var/run/cilium/hubble/events.log': '',
  }
  const { found } = discover(tree, { logDirectory: posix.join('/host/var/log') })
  t.strictSame(
    found.slice(0, 2).map(({ source }) => source),
    [
      files('hubble', '/host/var/run/cilium/hubble/*.log'),
      files('antrea-np', '/host/var/log/antrea/networkpolicy/np.log'),
    ],
  )
})
