import t from 'tap'
import { pathsOf, rotatedOf } from '../../agent/source/follow-names.ts'
import { createFakeDisk } from './follow-fake-disk.ts'

function diskWith(names: readonly string[]) {
  const disk = createFakeDisk()
  for (const name of names) disk.append(`/log/${name}`, '')
  return disk
}

t.test('rotated files are found by the names that rotation gives, oldest first', async t => {
  const cases: [name: string, oldestFirst: string[]][] = [
    ['kern.log', ['kern.log.10.gz', 'kern.log.2.gz', 'kern.log.1']],
    ['messages', ['messages-20260101', 'messages-20260108', 'messages-20260108.gz']],
    ['0.log', ['0.log.20260102-030405.gz', '0.log.20260102-040506']],
    [
      'np.log',
      [
        'np-2026-01-02T03-04-05.001.log.gz',
        'np-2026-01-02T03-04-05.002.log',
        'np-2026-01-02T03-04-05.002.log.gz',
      ],
    ],
    ['app.log', ['app.log.old']],
    ['app.log', ['app.2.log', 'app.1.log']],
  ]
  for (const [name, expected] of cases) {
    const others = [
      'x.log',
      'kernel.log.1',
      'app-two.log',
      '1.log',
      'np.log.bak',
      'messages.txt',
      'np-agent.log',
    ]
    const disk = diskWith([...expected.toReversed(), name, ...others])
    t.strictSame(
      rotatedOf(disk, `/log/${name}`),
      expected.map(file => `/log/${file}`),
      name,
    )
  }
})

t.test('a pattern means names, and a rotated file the name that it had', async t => {
  const disk = diskWith(['a.log', 'a.log.1', 'b.log.2.gz', '.hidden.log', 'c.txt'])
  t.strictSame(pathsOf(disk, '/log/*.log'), ['/log/a.log'])
  t.strictSame(pathsOf(disk, '/log/*.log*'), ['/log/a.log', '/log/b.log'], 'also one that is not there now')
  t.strictSame(pathsOf(disk, '/log/none.log'), ['/log/none.log'], 'a plain path is meant before it exists')
  t.strictSame(pathsOf(disk, '/none/*.log'), [])
  t.strictSame(pathsOf(disk, '/log/a+*'), [], 'only the star is special')
})
