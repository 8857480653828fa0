// What a configuration comes to on this machine, a line each: what would be read, where records would go, and what stands in the way.

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { checkManifests } from '../cluster/index.ts'
import {
  type Config,
  type FileSource,
  patternsOf,
  recordsDirectory,
  type SourceConfig,
  sourceText,
  stateDirectory,
} from '../config.ts'
import { realDisk } from '../source/disk.ts'
import { pathsOf } from '../source/follow-names.ts'
import { conntrackMissing, fileUnreadable, kmsgUnreadable } from '../source/host-checks.ts'
import { discoverSources } from './discover-sources.ts'
import { plural } from './plural.ts'

/** One line of the answer; `wrong`: the agent could not do what it is told there. */
export interface Effect {
  readonly what: string
  readonly text: string
  readonly wrong?: boolean
}

export async function effectsOf(config: Config): Promise<readonly Effect[]> {
  return [
    { what: 'node', text: config.node ?? "the host's name" },
    await manifestsEffect(config),
    ...sourceEffects(config),
    directoryEffect('records', recordsDirectory(config), recordsText(config)),
    directoryEffect('state', stateDirectory(config), 'positions and counts are kept over a restart'),
    { what: 'http', text: httpText(config) },
  ]
}

async function manifestsEffect({ manifests }: Config): Promise<Effect> {
  const what = 'manifests'
  if (manifests === undefined)
    return {
      what,
      text: 'none: without the policies every answer is unknown, name their directory (manifests)',
    }
  const found = await checkManifests(manifests)
  if (typeof found === 'string') return { what, text: found, wrong: true }
  const kinds = [...found.kinds].map(([kind, n]) => `${n} ${kind}`).sort()
  const others = [...found.ignored].map(([kind, n]) => `${n} ${kind}`).sort()
  const ignored = others.length === 0 ? '' : `; not used: ${others.join(', ')}`
  return { what, text: `"${manifests}": ${kinds.join(', ')} in ${plural(found.files, 'file')}${ignored}` }
}

function sourceEffects(config: Config): Effect[] {
  const { sources, host } = config
  const { logDirectory } = host
  if (sources !== 'auto') return sources.map(sourceEffect)
  if (!existsSync(logDirectory))
    return [
      {
        what: 'sources',
        text: `Cannot look for logs in "${logDirectory}": there is no such directory (host.logDirectory)`,
        wrong: true,
      },
    ]
  const { found, texts, notes } = discoverSources(config)
  const text = `auto: ${plural(found.length, 'source')} found on this host`
  return [
    { what: 'sources', text },
    ...texts.map(each => ({ what: 'source', text: each })),
    ...notes.map(each => ({ what: 'note', text: each })),
  ]
}

function sourceEffect(source: SourceConfig): Effect {
  if ('files' in source || 'file' in source) return filesEffect(source)
  const trouble =
    'conntrack' in source
      ? conntrackMissing()
      : 'kernel' in source && source.kernel === 'kmsg'
        ? kmsgUnreadable()
        : undefined
  return trouble === undefined
    ? { what: 'source', text: sourceText(source) }
    : { what: 'source', text: trouble, wrong: true }
}

/** A log that is not there yet is no mistake, only worth knowing. */
function filesEffect(source: FileSource): Effect {
  const paths = patternsOf(source).flatMap(pattern => pathsOf(realDisk, pattern))
  const there = paths.filter(path => existsSync(path))
  const unreadable = there.map(fileUnreadable).find(trouble => trouble !== undefined)
  if (unreadable !== undefined) return { what: 'source', text: unreadable, wrong: true }
  const count = there.length === 0 ? 'no file yet, it is read when it comes' : plural(there.length, 'file')
  return { what: 'source', text: `${sourceText(source)}: ${count}` }
}

function recordsText({ records }: Config): string {
  const hidden = { keep: '', omit: ', without external addresses', prefix: ', external addresses shortened' }
  return `at most ${records.budgetMebibytes} MiB${hidden[records.externalAddresses]}`
}

function directoryEffect(what: string, directory: string | undefined, text: string): Effect {
  if (directory === undefined) return { what, text: `not kept: ${what}.directory is off` }
  const trouble = directoryTrouble(directory)
  if (trouble !== undefined) return { what, text: `Cannot write to "${directory}": ${trouble}`, wrong: true }
  const made = existsSync(directory) ? '' : ', the directory will be made'
  return { what, text: `"${directory}": ${text}${made}` }
}

/** Of the directory, or of the nearest one above in which it would be made. */
function directoryTrouble(directory: string): string | undefined {
  let path = resolve(directory)
  while (!existsSync(path) && path !== dirname(path)) path = dirname(path)
  try {
    if (!statSync(path).isDirectory()) return `"${path}" is no directory`
    accessSync(path, constants.W_OK | constants.X_OK)
    return undefined
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EROFS') return `"${path}" is on a read-only file system`
    return code === 'EACCES' ? `"${path}" may not be written by this user` : message
  }
}

function httpText({ http }: Config): string {
  return http === 'off' ? 'off' : `${http.listen}, probes on ${http.probesListen}`
}
