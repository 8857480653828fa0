// A quickstart in a process of its own, for tests that stop or kill it. Says "ready" when everything is up.

import { once } from 'node:events'
import process from 'node:process'
import { openQuickstart } from '../../agent/quickstart/index.ts'

const stop = once(process, 'SIGTERM')
await using _quickstart = await openQuickstart(
  { mode: 'node' },
  () => {},
  () => {},
)
console.log('ready')
await stop
