import fc from 'fast-check'
import t from 'tap'
import { createKnownConnections, type KnownConnections } from '../../agent/source/conntrack-known.ts'

const tuple = 'src=10.244.1.11 dst=10.244.1.12 sport=41538 dport=8080'
const back = 'src=10.244.1.12 dst=10.244.1.11 sport=8080 dport=41538'
const listed = (id: number, flags = '') =>
  `ipv4     2 tcp      6 431999 ESTABLISHED ${tuple} ${flags}${back} [ASSURED] mark=0 use=1 id=${id}`
const event = (kind: string, id: number) =>
  `[1795541609.664935]\t ${kind} ipv4     2 tcp      6 60 CLOSE ${tuple} ${back} [ASSURED] id=${id}`

function list(known: KnownConnections, text: string): void {
  const bytes = Buffer.from(`x${text}\n`)
  known.list(bytes, 1, bytes.length - 1)
}

function isKnown(known: KnownConnections, text: string): boolean {
  const bytes = Buffer.from(`x${text}\n`)
  return known.isKnown(bytes, 1, bytes.length - 1)
}

t.test('what happens to a listed connection is known, until it ends', async t => {
  const known = createKnownConnections()
  list(known, listed(3178364610))
  t.ok(isKnown(known, event('[UPDATE]', 3178364610)))
  t.notOk(isKnown(known, event('[UPDATE]', 3178364611)))
  t.ok(isKnown(known, event('[DESTROY]', 3178364610)), 'its end too')
  t.equal(known.size, 0)
  t.notOk(isKnown(known, event('[UPDATE]', 3178364610)), 'after that it is another one')
})

t.test('a new connection is never known, also when it has got the id of a listed one', async t => {
  const known = createKnownConnections()
  list(known, listed(7))
  t.notOk(isKnown(known, event('[NEW]', 7)))
  t.notOk(isKnown(known, event('[UPDATE]', 7)))
})

t.test('one that was not answered yet is not known: whether it is let through will be seen', async t => {
  const known = createKnownConnections()
  list(known, listed(7, '[UNREPLIED] '))
  t.equal(known.size, 0)
})

t.test('the id is the one at the end of the line, not that of an echo', async t => {
  const known = createKnownConnections()
  const echo =
    'ipv4     2 icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=55 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=55 '
  list(known, `${echo}mark=0 use=1`)
  list(known, `${echo}mark=0 use=1 grid=9`)
  list(known, 'conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.')
  list(known, '')
  list(known, 'id=12')
  t.equal(known.size, 0)
  list(known, `${echo}mark=0 use=1 id=4294967295 `)
  t.equal(known.size, 1)
  t.ok(isKnown(known, `[1795541609.664935]\t[UPDATE] ${echo}id=4294967295`))
})

t.test('events are known exactly while a model says so', async () => {
  const step = fc.record({
    id: fc.nat({ max: 5 }),
    kind: fc.constantFrom('list', '[NEW]', '[UPDATE]', '[DESTROY]'),
  })
  fc.assert(
    fc.property(fc.array(step), steps => {
      const known = createKnownConnections()
      const model = new Set<number>()
      for (const { id, kind } of steps) {
        if (kind === 'list') {
          list(known, listed(id))
          model.add(id)
          continue
        }
        const expected = model.has(id) && kind !== '[NEW]'
        if (kind !== '[UPDATE]') model.delete(id)
        if (isKnown(known, event(kind, id)) !== expected) return false
      }
      return known.size === model.size
    }),
  )
})
