// `npm run bench`: every bench of this folder, one after the other. `-- --short` is what CI runs: small inputs, one run each, so its
// figures say that the benches work, not how fast anything is.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const isShort = process.argv.includes('--short')
const benches: readonly [string, readonly string[]][] = [
  ['evaluate.bench.ts', ['--probes', '20000', '--runs', '1']],
  ['fix.bench.ts', ['--denials', '2000', '--runs', '1']],
  ['collectors.bench.ts', ['--lines', '20000', '--runs', '1']],
  ['replay.bench.ts', ['--lines', '20000', '--runs', '1']],
  ['query.bench.ts', ['--records', '20000', '--runs', '1']],
  ['live.bench.ts', ['--seconds', '10', '--lines', '20000', '--runs', '1']],
  ['idle.bench.ts', ['--seconds', '5', '--settle', '1', '--runs', '1']],
  ['rss.bench.ts', ['--pods', '500', '--policies', '100', '--flows', '500', '--seconds', '5']],
  ['metrics.bench.ts', ['--series', '2000', '--runs', '1', '--idle', '0']],
]

if (isShort) console.log('SHORT FORM: these figures only show that the benches run')
for (const [name, short] of benches) {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL(name, import.meta.url)), ...(isShort ? short : [])],
    { stdio: 'inherit' },
  )
  if (status !== 0) process.exitCode = 1
}
