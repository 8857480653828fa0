// Programs of other people: how they are started, and what would help when one cannot be. Administrators' programs are often not
// in a service's PATH, so their folders are always looked through as well.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env } from 'node:process'

const folders = [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter(folder => folder !== '')

/** What every child is started with: its words are matched, so they are English. */
export const childEnvironment: NodeJS.ProcessEnv = { ...env, PATH: folders.join(delimiter), LC_ALL: 'C' }

/** Whether a program of that name, or at that path, can be run. */
export function isInstalled(program: string, path: readonly string[] = folders): boolean {
  const candidates = program.includes('/') ? [program] : path.map(folder => join(folder, program))
  return candidates.some(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const packages: Readonly<Record<string, string>> = {
  conntrack: 'install conntrack-tools (Debian and Ubuntu call the package conntrack)',
  journalctl: 'it comes with systemd; without it take the kernel log from /dev/kmsg or a file',
}

/** What would help where a program is missing, as the end of a sentence. */
export function missingAdvice(program: string): string {
  const name = program.slice(program.lastIndexOf('/') + 1)
  return `it is not installed here; ${packages[name] ?? `install ${name}`}`
}

const refused = /CAP_NET_ADMIN|not permitted|permission denied|must be root/i

/** Why a program did not do its work, from its last words, as the end of a sentence. */
export function wordsAdvice(program: string, words: string): string {
  if (!refused.test(words)) return words
  const name = program.slice(program.lastIndexOf('/') + 1)
  const need =
    name === 'journalctl' ? 'run as root or in the group systemd-journal' : 'it needs CAP_NET_ADMIN'
  return `${words}; ${need}`
}
