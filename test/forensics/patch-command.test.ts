import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { patchCommand } from '../../agent/forensics/patch-command.ts'
import type { Fix } from '../../agent/policy/answer.ts'

type Edit = Exclude<Fix, { kind: 'none' }>

const edit = (over: Partial<Edit> = {}): Edit => ({
  kind: 'policy',
  target: 'data/pg-ingress',
  patch: [
    { op: 'add', path: '/spec/ingress/0/from/-', value: { podSelector: { matchLabels: { app: 'cart' } } } },
  ],
  opens: { pods: 1, namespaces: ['shop'], ports: '5432/TCP' },
  ...over,
})

t.test('patchCommand() names the object as kubectl does, and only tries the edit', async t => {
  const rows: [Partial<Edit>, string][] = [
    [{}, 'networkpolicy pg-ingress -n data'],
    [{ target: 'AdminNetworkPolicy/edge' }, 'adminnetworkpolicy edge'],
    [{ target: 'BaselineAdminNetworkPolicy/default' }, 'baselineadminnetworkpolicy default'],
    [{ target: 'ClusterNetworkPolicy/edge' }, 'clusternetworkpolicy edge'],
    [{ kind: 'pod', target: 'shop/cart-0' }, 'pod cart-0 -n shop'],
    [{ kind: 'namespace', target: 'shop' }, 'namespace shop'],
  ]
  for (const [over, object] of rows) {
    const command = patchCommand(edit(over))!
    t.ok(command.startsWith(`kubectl patch ${object} --type=json -p '`), command)
    t.ok(command.endsWith("' --dry-run=server -o yaml"), command)
  }
})

t.test('patchCommand() gives none where a name is no name', async t => {
  for (const target of [
    'data/$(reboot)',
    'data/a b',
    "data/'",
    'Data/x',
    '-n/x',
    'x',
    '',
    'data/-A',
    'data/a;b',
  ])
    t.equal(patchCommand(edit({ target })), undefined, JSON.stringify(target))
  t.equal(patchCommand(edit({ kind: 'namespace', target: '--all' })), undefined)
})

t.test('a shell reads from the command exactly the patch, whatever stands in it', async t => {
  const values = fc.sample(
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 30 })),
    { numRuns: 60, seed: 7 },
  )
  for (const matchLabels of [{ app: `'"\`$(id)\\ \n\u202e\u007f\u009b` }, ...values]) {
    const patch = [
      { op: 'add', path: '/spec/ingress/0/from/-', value: { podSelector: { matchLabels } } },
    ] as const
    const command = patchCommand(edit({ patch }))!
    t.match(command, /^[\x20-\x7e]+$/, 'nothing is hidden from the eye')
    const words = execFileSync(
      'sh',
      ['-c', `kubectl() { for word; do printf '%s\\0' "$word"; done; }; ${command}`],
      {
        encoding: 'utf8',
      },
    ).split('\0')
    t.equal(words.length, 12, 'eleven words, and what is behind the last')
    t.same(JSON.parse(words[words.indexOf('-p') + 1]!), patch)
  }
})
