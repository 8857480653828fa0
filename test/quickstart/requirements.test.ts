import t from 'tap'
import { type Capabilities, whyNoNode } from '../../agent/quickstart/requirements.ts'

const able: Capabilities = {
  isLinux: () => true,
  isRoot: () => true,
  hasProgram: () => true,
  canReadKernelLog: () => true,
  canSwitchLogs: () => true,
  whyNoNamespaces: async () => undefined,
}

t.test('a machine that has everything can be a node', async t => {
  t.equal(await whyNoNode(able), undefined)
})

t.test('what is missing is said in one line, with the packages that bring it', async t => {
  const rows: [missing: Partial<Capabilities>, reason: string][] = [
    [{ isLinux: () => false }, 'it takes Linux'],
    [{ hasProgram: name => name !== 'nft' }, 'nft not found (apt-get install nftables)'],
    [
      { hasProgram: () => false },
      'ip, nft, conntrack, bash not found (apt-get install iproute2 nftables conntrack bash)',
    ],
    [{ isRoot: () => false }, 'it takes root (sudo npm start)'],
    [{ canReadKernelLog: () => false }, '/dev/kmsg cannot be read here'],
    [
      { canSwitchLogs: () => false },
      '/proc/sys/net/netfilter/nf_log_all_netns cannot be written here (a container?)',
    ],
    [
      { whyNoNamespaces: async () => 'Operation not permitted' },
      'network namespaces cannot be made here: Operation not permitted',
    ],
  ]
  for (const [missing, reason] of rows) t.equal(await whyNoNode({ ...able, ...missing }), reason)
})

t.test('a namespace is only tried where everything else is there', async t => {
  const whyNoNamespaces = async () => t.fail('tried') as never
  await whyNoNode({ ...able, isRoot: () => false, whyNoNamespaces })
})
