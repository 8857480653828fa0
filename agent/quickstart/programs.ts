// The programs of other people that the quickstart starts. Administrators' programs are often not in a person's PATH, so their
// folders are always looked through as well.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env } from 'node:process'

const folders = [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** What every program is started with. */
export const environment: NodeJS.ProcessEnv = { ...env, PATH: folders.join(delimiter) }

export function hasProgram(name: string): boolean {
  return folders.some(folder => isExecutable(join(folder, name)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
