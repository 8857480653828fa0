#!/usr/bin/env node
// What `npx culprit` starts: the program itself where this Node can run TypeScript as it is, else the same under the Node 24
// that the `node` package pins beside it.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as modules from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

if (Number(process.versions.node.split('.')[0]) >= 24) await run()
else runPinned()

function run() {
  // Stripping types takes half of a start: the result is kept beside the dependencies, of every module that is loaded from here on,
  // so that the stripper itself is not loaded either. Where nobody may write there, Node does without. Node 20 has no such cache.
  modules.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/culprit', import.meta.url)))
  return import('./main.ts')
}

function runPinned() {
  const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  if (!existsSync(pinned)) {
    process.stderr.write(
      `culprit needs Node.js 24, this is ${process.version}: run npm ci in its folder, or install Node.js 24\n`,
    )
    process.exitCode = 2
    return
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // Ctrl-C reaches the child by itself (one process group); this process only has to outlive it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}
