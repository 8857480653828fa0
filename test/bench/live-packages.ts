// The followers that npm has, each in a process of its own that counts lines and copies denials into a file.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { mind } from './live-children.ts'
import { asLogged, type Follower, HURRIED_MS, type Taken } from './live-follower.ts'

export const packages: readonly Follower[] = [
  follower('tail', 'tail'),
  follower('@logdna/tail-file', '@logdna/tail-file'),
  follower(`@logdna/tail-file, every ${HURRIED_MS} ms`, '@logdna/tail-file', [`${HURRIED_MS}`]),
]

function follower(name: string, library: string, options: readonly string[] = []): Follower {
  return {
    name,
    async start({ dir, busy, denials }) {
      const out = join(dir, 'out.log')
      const child = mind(
        fork(join(import.meta.dirname, 'live-package.ts'), [library, busy, denials, out, ...options]),
      )
      await once(child, 'message')
      return {
        pid: child.pid!,
        async lines() {
          child.send('lines')
          const [taken] = (await once(child, 'message')) as [Taken]
          return taken
        },
        arrivals: () => out,
        pattern: asLogged,
        async stop() {
          child.kill('SIGKILL')
          await once(child, 'close')
        },
      }
    },
  }
}
