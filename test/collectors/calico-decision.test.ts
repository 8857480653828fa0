import t from 'tap'
import { deciding } from '../../collectors/calico-decision.ts'
import { readCalicoHit } from '../../collectors/calico-policy.ts'

t.test(
  'the last policy with the own action of the flow has decided, in whatever order they stand',
  async t => {
    const rows: [string, 'allow' | 'deny', string[], string | undefined][] = [
      ['after a pass', 'deny', ['1|default|gnp:default.b|deny|0', '0|sec|gnp:sec.a|pass|0'], 'default.b'],
      [
        'of two, the later',
        'allow',
        ['1|default|gnp:default.b|allow|0', '0|sec|gnp:sec.a|allow|0'],
        'default.b',
      ],
      [
        'the other way round',
        'allow',
        ['0|sec|gnp:sec.a|allow|0', '1|default|gnp:default.b|allow|0'],
        'default.b',
      ],
      ['never a staged one', 'deny', ['0|sec|gnp:sec.a|deny|0', '1|default|sgnp:default.b|deny|0'], 'sec.a'],
      ['none', 'deny', ['0|sec|gnp:sec.a|allow|0'], undefined],
    ]
    for (const [what, action, texts, name] of rows) {
      const hits = texts.map(text => readCalicoHit(text)!)
      t.equal(deciding(hits, action)?.policy.name, name, what)
    }
  },
)
