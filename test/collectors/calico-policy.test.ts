// The strings in which Calico says which policy decided.

import t from 'tap'
import {
  calicoCause,
  calicoPolicies,
  readCalicoHit,
  readCalicoName,
  readNflogPrefix,
} from '../../collectors/calico-policy.ts'
import { Cause, Direction } from '../../collectors/flow.ts'

t.test('a policy has one name, however a version of Calico spells it', async t => {
  const table: readonly (readonly [string, string, string[], Cause])[] = [
    // Tier, name as written, what is reported, whose decision.
    ['default', 'data/knp.default.pg-ingress', ['data/pg-ingress'], Cause.none],
    ['default', 'knp:data/pg-ingress', ['data/pg-ingress'], Cause.none],
    ['default', 'data/staged:knp.default.pg-ingress', [], Cause.none],
    ['default', 'sknp:data/pg-ingress', [], Cause.otherPolicy],
    ['default', 'shop/default.cart', ['CalicoNetworkPolicy/shop/default.cart'], Cause.otherPolicy],
    ['default', 'np:shop/cart', ['CalicoNetworkPolicy/shop/cart'], Cause.otherPolicy],
    ['default', 'default.base', ['GlobalNetworkPolicy/default.base'], Cause.otherPolicy],
    ['security', 'gnp:security.no.smtp', ['GlobalNetworkPolicy/security.no.smtp'], Cause.otherPolicy],
    ['security', 'sgnp:security.no-smtp', [], Cause.otherPolicy],
    ['security', 'security.staged:no-smtp', [], Cause.otherPolicy],
    ['adminnetworkpolicy', 'kanp.adminnetworkpolicy.tenants', ['AdminNetworkPolicy/tenants'], Cause.none],
    [
      'adminnetworkpolicy',
      'adminnetworkpolicy.kanp.adminnetworkpolicy.tenants',
      ['AdminNetworkPolicy/tenants'],
      Cause.none,
    ],
    [
      'baselineadminnetworkpolicy',
      'kbanp.baselineadminnetworkpolicy.default',
      ['BaselineAdminNetworkPolicy/default'],
      Cause.none,
    ],
    ['kube-admin', 'kcnp.kube-admin.base', ['ClusterNetworkPolicy/base'], Cause.none],
    ['kube-admin', 'kcnp:base', ['ClusterNetworkPolicy/base'], Cause.none],
    ['__PROFILE__', '__PROFILE__.kns.shop', [], Cause.notPolicy],
    ['__PROFILE__', 'pro:kns.shop', [], Cause.notPolicy],
    ['default', 'default.__NO_MATCH__', [], Cause.none],
    ['security', '__NO_MATCH__', [], Cause.otherPolicy],
    ['security', 'eot:security', [], Cause.otherPolicy],
  ]
  for (const [tier, text, policies, cause] of table) {
    const policy = readCalicoName(tier, text)
    t.strictSame(calicoPolicies(policy), policies, text)
    t.equal(calicoCause(policy), cause, text)
  }
})

t.test('a string of a flow log says where in the order a policy stood and which rule decided', async t => {
  const { policy, ...hit } = readCalicoHit('3|security|shop/security.no-smtp|deny|-1')!
  t.strictSame(hit, { action: 'deny', index: 3, rule: -1 })
  t.equal(policy.ns, 'shop')
  t.match(readCalicoHit('security|security.base|pass'), { action: 'pass', index: 0, rule: -2 })
  t.match(readCalicoHit('0|security|security.base|allow'), { action: 'allow', index: 0, rule: -2 })
  t.match(readCalicoHit('0|security|security.base|allow|12'), { rule: 12 })
})

t.test('what is no such string is not read as one', async t => {
  for (const text of ['', '|', '0|default', '0|default|a|drop|1', '0|default|a|deny|x', '0|a|b|deny|1|2|3'])
    t.equal(readCalicoHit(text), undefined, text)
})

t.test('an NFLOG prefix says action, direction, rule, and policy or tier', async t => {
  const read = (text: string): unknown => {
    const prefix = readNflogPrefix(text)
    return (
      prefix && [
        prefix.action,
        prefix.direction,
        prefix.rule,
        prefix.policy.tier,
        calicoPolicies(prefix.policy),
      ]
    )
  }
  t.strictSame(read('DPI0|data/default.pg-guard'), [
    'deny',
    Direction.ingress,
    0,
    'default',
    ['CalicoNetworkPolicy/data/default.pg-guard'],
  ])
  t.strictSame(read('APE12|shop/knp.default.cart-out'), [
    'allow',
    Direction.egress,
    12,
    'default',
    ['shop/cart-out'],
  ])
  t.strictSame(read('DPE|security'), ['deny', Direction.egress, -1, 'security', []])
  t.strictSame(read('PPI1|security.pass'), [
    'pass',
    Direction.ingress,
    1,
    'security',
    ['GlobalNetworkPolicy/security.pass'],
  ])
  t.strictSame(read('ARI0|kns.shop'), ['allow', Direction.ingress, 0, '__PROFILE__', []])
  const hashed = `DPI0|a-name${'x'.repeat(41)}_of-hash-end`
  t.strictSame(read(hashed), ['deny', Direction.ingress, 0, '', []], 'most of a long name is a hash')
  for (const text of ['np-drop', 'DROP|x', 'DPX0|a', 'DPI0', 'calico-packet'])
    t.equal(read(text), undefined, text)
})
