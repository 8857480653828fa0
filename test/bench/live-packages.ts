// The followers that npm has, each in a process of its own that counts lines and copies denials into a file.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { mind } from './live-children.ts'
import { asLogged, type Follower, type Taken } from './live-follower.ts'

export const packages: readonly Follower[] = ['tail', '@logdna/tail-file'].map(name => ({
  name,
  async start({ dir, busy, denials }) {
    const out = join(dir, 'out.log')
    const child = mind(fork(join(import.meta.dirname, 'live-package.ts'), [name, busy, denials, out]))
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
}))
