// Logs of somebody else's, by a mapping: each framing, each field, and what is malformed and why.

import t from 'tap'
import { Outcome } from '../../collectors/collector.ts'
import { createCustom, customFormat } from '../../collectors/custom.ts'
import type { Mapping } from '../../collectors/custom-mapping.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { describe, linesOf, options, outcomeNames, readOne } from './flows.ts'

const ends = { source: { address: 'src', port: 'sport' }, destination: { address: 'dst', port: 'dport' } }
const action = {
  field: 'action',
  words: { DROP: 'denied', reset: 'rejected' },
  otherwise: 'allowed',
} as const
const bare: Mapping = { lines: 'pairs', verdict: action, ...ends }

const read = (mapping: Mapping, lines: readonly string[]): unknown[] => {
  const collector = createCustom(mapping, options)
  return linesOf(Buffer.from(`${lines.join('\n')}\n`)).map(line => {
    const { outcome, flow, bytes } = readOne(collector, line)
    if (outcome === Outcome.malformed) return collector.problem
    return outcome === Outcome.flow ? describe(flow, bytes) : outcomeNames[outcome]
  })
}

t.test('one flow is read alike from an object, from words and from a row', async t => {
  const expected = {
    time: '2026-11-24T17:33:05.140000Z',
    precision: 1000,
    verdict: 'denied',
    proto: 6,
    source: '10.0.0.1 40000',
    destination: 'fd00::2 5432',
    tcpFlags: 2,
    direction: 'ingress',
    isReply: 'no',
    packets: 3,
    bytes: 180,
    count: 3,
    in: 'veth1',
    reported: { by: 'fw', verdict: 'drop', policies: ['data/pg "x"'], as: 'by rule 7' },
  }
  const mapping: Mapping = {
    ...bare,
    lines: 'json',
    time: { field: 't', format: 'rfc3339' },
    protocol: 'proto',
    direction: { field: 'dir', words: { in: 'ingress' } },
    reply: { field: 'r', words: { n: false } },
    flags: 'flags',
    packets: 'pkts',
    bytes: 'len',
    interfaces: { in: 'if' },
    reported: { by: 'fw', policy: 'pol', namespace: 'ns', words: 'why' },
  }
  const time = '2026-11-24T18:33:05.140+01:00'
  const json = `{"t":"${time}","action":"drop","proto":"TCP","src":"10.0.0.1","sport":40000,"dst":"fd00::2","dport":"5432","flags":"S","dir":"IN","r":"n","pkts":3,"len":180,"if":"veth1","pol":"pg \\"x\\"","ns":"data","why":"by rule 7"}`
  t.strictSame(read(mapping, [json]), [expected])
  const pairs = `fw[1]: t=${time}, action=drop proto=6 src=10.0.0.1 sport=40000 dst=fd00::2 dport=5432 flags=SYN dir=in r=n pkts=3 len=180 if=veth1 pol="pg \\"x\\"" ns=data why="by rule 7"`
  t.strictSame(read({ ...mapping, lines: 'pairs' }, [pairs]), [expected])
  const rows = [
    '#t;action;proto;src;sport;dst;dport;flags;dir;r;pkts;len;if;pol;ns;why',
    `${time};drop;tcp;10.0.0.1;40000;fd00::2;5432;0x02;in;n;3;180; veth1 ;"pg ""x""";data;"by rule 7"`,
  ]
  t.strictSame(read({ ...mapping, lines: 'csv', separator: ';' }, rows), ['note', expected])
  const columns = rows[0]!.slice(1).split(';')
  t.strictSame(read({ ...mapping, lines: 'csv', separator: ';', columns }, [rows[1]!]), [expected])
})

t.test('a verdict that the mapping does not know is never taken for none', async t => {
  const verdict = { field: 'action', words: { DROP: 'denied' } } as const
  const line = (rest: string) => `src=10.0.0.1 dst=10.0.0.2 ${rest}`
  t.match(read({ ...bare, verdict }, [line('action=drop'), line('action=BLOCK'), line('len=60')]), [
    { verdict: 'denied' },
    'action is no verdict that the mapping knows: "BLOCK"',
    { source: '10.0.0.1' },
  ])
  t.match(read({ ...bare, verdict: { ...verdict, otherwise: 'none' } }, [line('action=BLOCK')]), [
    { source: '10.0.0.1' },
  ])
})

t.test('JSON paths go into objects and arrays, and find flattened names', async t => {
  const mapping: Mapping = {
    lines: 'json',
    verdict: { always: 'denied' },
    source: { address: 'net.src.ip' },
    destination: { address: 'hops[1].ip' },
    protocol: '["l4.name"]',
    reported: { policy: 'policies' },
  }
  const expected = {
    verdict: 'denied',
    proto: 17,
    source: '10.0.0.1',
    destination: '10.0.0.2',
    reported: { by: 'custom', policies: ['a/b', 'c'] },
  }
  t.strictSame(
    read(mapping, [
      '{"net":{"src":{"ip":"10.0.0.1"}},"hops":[{"ip":"10.9.9.9"}, {"ip":"10.0.0.2"}],"l4.name":"udp","policies":["a/b",{"name":"c"}]}',
      '{"net.src.ip":"10.0.0.1","hops":[0,{"ip":"10.0.0.2"}],"l4.name":"udp","policies":["a/b",{"name":"c"}]}',
      '{"net":{"src.ip":"10.0.0.1"},"hops":[[],{"ip":"10.0.0.2","more":[1,2]}],"l4.name":"udp","policies":["a/b",{"name":"c"}]}',
    ]),
    [expected, expected, expected],
  )
})

t.test('what is missing, out of range or cut is said, and nothing is made up', async t => {
  const mapping: Mapping = {
    ...bare,
    protocol: 'proto',
    count: 'n',
    time: { field: 't', format: 'epoch-ms' },
  }
  const good = 'src=10.0.0.1 dst=10.0.0.2'
  const rows: [string, unknown][] = [
    [`${good} sport=70000`, 'sport is no number up to 65535: "70000"'],
    [`${good} sport=-1`, 'sport is no number up to 65535: "-1"'],
    [`${good} dport=80x`, 'dport is no number up to 65535: "80x"'],
    ['src=10.0.0.1', 'dst is absent'],
    ['src=10.0.0.1 dst=-', 'dst is absent'],
    ['src=10.0.0.300 dst=10.0.0.2', 'src is no address: "10.0.0.300"'],
    [`${good} proto=nonsense`, 'proto is no protocol: "nonsense"'],
    [`${good} n=1.5`, 'n is no number: "1.5"'],
    [`${good} t=1795541585`, 't is no time of the form epoch-ms: "1795541585"'],
    [`${good} action="DROP`, 'it is cut, or damaged'],
    ['hello world', 'foreign'],
    ['xsrc=10.0.0.1 xdst=10.0.0.2', 'foreign'],
    ['', 'foreign'],
  ]
  for (const [line, expected] of rows) t.strictSame(read(mapping, [line]), [expected], line)
  const json: Mapping = { ...bare, lines: 'json' }
  t.strictSame(read(json, ['{"src":"10.0.0.1","dst":"10.0', '{"a":1', '{"src":null,"dst":""}', 'src']), [
    'it is cut, or damaged',
    'foreign',
    'foreign',
    'foreign',
  ])
  const csv: Mapping = { ...bare, lines: 'csv' }
  t.strictSame(read(csv, ['src,dst', '10.0.0.1,10.0.0.2,3', 'hello', '# a, comment', 'src,dst']), [
    'note',
    'not as many cells as columns',
    'foreign',
    'foreign',
    'note',
  ])
})

t.test('a last word without its newline may be cut, so it is not taken', async t => {
  const collector = createCustom(bare, options)
  for (const [text, outcome] of [
    ['src=10.0.0.1 dst=10.0.0.2\0', Outcome.malformed],
    ['src=10.0.0.1 dst=10.0.0.2 other=1\0', Outcome.flow],
    ['src=10.0.0.1 dst="10.0.0.2"\0', Outcome.flow],
    ['src=10.0.0.1 dst=10.0.0.2\n', Outcome.flow],
  ] as const)
    t.equal(readOne(collector, Buffer.from(text)).outcome, outcome, text)
})

t.test('marker and only choose lines', async t => {
  const mapping: Mapping = { ...bare, marker: 'FW:', only: { chain: ['fwd', 'out'] } }
  const line = 'src=10.0.0.1 dst=10.0.0.2'
  t.strictSame(read(mapping, [`FW: chain=in ${line}`, `FW: ${line}`, `chain=fwd ${line}`]), [
    'foreign',
    'foreign',
    'foreign',
  ])
  t.match(read(mapping, [`FW: chain=out ${line}`]), [{ source: '10.0.0.1' }])
})

t.test('ports, ICMP and translated ends are what the protocol allows', async t => {
  const mapping: Mapping = {
    ...bare,
    protocol: 'p',
    icmp: { type: 'type', code: 'code' },
    translated: { source: { address: 'nsrc' }, destination: { address: 'ndst', port: 'ndport' } },
  }
  const line = 'src=10.0.0.1 dst=10.96.0.1 sport=40000 dport=80'
  t.match(read(mapping, [`${line} p=icmp type=8 code=0`]), [
    { source: '10.0.0.1', destination: '10.96.0.1', icmp: '8/0' },
  ])
  t.match(read(mapping, [`${line} p=tcp type=8 ndst=10.0.0.9 ndport=8080`]), [
    { reply: '10.0.0.9 8080 > 10.0.0.1 40000', icmp: undefined },
  ])
  t.match(read(mapping, [`${line} p=tcp nsrc=192.168.0.1`]), [{ reply: '10.96.0.1 80 > 192.168.0.1 40000' }])
  t.match(read(mapping, ['src=10.0.0.1:5 dst=[fd00::1]:80']), [
    { source: '10.0.0.1 5', destination: 'fd00::1 80' },
  ])
  t.match(read(mapping, [`${line.replace('40000', '0')} p=tcp`]), [{ source: '10.0.0.1' }])
})

t.test('who opened a TCP connection is in doubt where neither flags nor a reply are mapped', async t => {
  const line = 'src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 p=tcp'
  t.match(read({ ...bare, protocol: 'p' }, [line]), [{ tcpFlags: 0 }])
  t.match(read({ ...bare, protocol: 'p', reply: { always: false } }, [line]), [{ isReply: 'no' }])
  t.match(read({ ...bare, protocol: 'p', flags: 'f' }, [`${line} f=???`]), [{ tcpFlags: 0 }])
})

t.test("a denial by a kind of policy that is not evaluated here is that policy's", async t => {
  const mapping: Mapping = { ...bare, reported: { policy: 'pol', namespace: 'ns', kind: 'kind' } }
  const line = 'src=10.0.0.1 dst=10.0.0.2 action=DROP pol=x'
  t.match(read(mapping, [`${line} kind=GlobalNetworkPolicy`]), [
    { cause: 'otherPolicy', reported: { policies: ['GlobalNetworkPolicy/x'] } },
  ])
  t.match(read(mapping, [`${line} ns=a`]), [{ cause: undefined, reported: { policies: ['a/x'] } }])
})

t.test('a window is from its time to its end', async t => {
  const time = { field: 'from', format: 'epoch-s', end: 'to' }
  const line = 'src=10.0.0.1 dst=10.0.0.2 from=1795541585'
  t.match(read({ ...bare, time }, [`${line} to=1795541645`]), [{ window: 60 }])
  t.match(read({ ...bare, time }, [`${line} to=1795541580`]), [{ window: undefined }])
})

t.test('fields that no line has had are known', async t => {
  const collector = createCustom({ ...bare, protocol: 'proto' }, options)
  readOne(collector, 'src=10.0.0.1 dst=10.0.0.2 dport=80')
  t.same(collector.neverFound, ['sport', 'proto', 'action'])
})

t.test('a mapped format claims its verdicts, and is read in wrappers as any other', async t => {
  const format = customFormat(bare)
  t.same(format.claims, ['denied', 'rejected', 'allowed'])
  t.same(customFormat({ ...bare, verdict: { always: 'denied' } }).claims, ['denied'])
  const { flow } = readOne(
    createUnwrapper(format, options),
    '2026-11-24T17:33:05.14Z stdout F src=10.0.0.1 dst=10.0.0.2 action=drop',
  )
  t.equal(flow.time, Date.parse('2026-11-24T17:33:05.140Z') * 1000)
})
