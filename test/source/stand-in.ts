// Programs that stand in for conntrack and journalctl: Node scripts in a folder of the test's own.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainNode } from '../plain-node.ts'

/** The command that runs a script; `args` holds its arguments, `writeFileSync`, `appendFileSync` and `sleep` are there. */
export function standIn(folder: string, name: string, script: string): string[] {
  const file = join(folder, `${name}.mjs`)
  const head = `
    import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
    const args = process.argv.slice(2)
    const folder = ${JSON.stringify(folder)}
    const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
    // Not longer than the test that has started it.
    const parent = process.ppid
    const forever = () => setInterval(() => { if (process.ppid !== parent) process.exit() }, 1000)
    const log = text => appendFileSync(folder + '/log', text + '\\n')
  `
  writeFileSync(file, `${head}\n${script}\n`)
  return [...plainNode, file]
}
