// The program as it is deployed: bundled, once for all that a bench starts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../deploy/bundle.ts'

let made: Promise<string> | undefined

/** The path of the bundle; it is gone when this process ends. */
export function deployed(): Promise<string> {
  made ??= make()
  return made
}

function make(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'culprit-bundle-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return bundle(join(folder, 'dist'))
}
