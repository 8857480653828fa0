// Commands that are offered to be copied: what stands in them means to a shell exactly what is read.

import type { WhyOptions } from './why-options.ts'

/** Every packet of the same logs. */
export function replayCommand({ world, log = [], node, profile }: WhyOptions): string {
  return commandLine([
    'culprit',
    'replay',
    '--world',
    world,
    ...log.flatMap(value => ['--log', value]),
    ...(node === undefined ? [] : ['--node', node]),
    ...(profile === 'upstream' ? [] : ['--profile', profile]),
    '--output',
    'lines',
  ])
}

/** The same question, answered in full for programs. */
export function jsonCommand(from: string, to: string, options: WhyOptions): string {
  const { port, protocol, at, world, log = [], node, profile } = options
  return commandLine([
    'culprit',
    'why',
    from,
    to,
    ...(port === undefined ? [] : ['--port', port]),
    ...(protocol === undefined ? [] : ['--protocol', protocol]),
    ...(at === undefined ? [] : ['--at', at]),
    '--world',
    world,
    ...log.flatMap(value => ['--log', value]),
    ...(node === undefined ? [] : ['--node', node]),
    ...(profile === 'upstream' ? [] : ['--profile', profile]),
    '--output',
    'json',
  ])
}

/** The records of these two. `place` is `--records DIR` or `--agent URL`. */
export function queryCommand(
  from: string,
  to: string,
  {
    place,
    port,
    at,
  }: {
    readonly place: readonly string[]
    readonly port?: string | undefined
    readonly at?: string | undefined
  },
): string {
  return commandLine([
    'culprit',
    'query',
    ...place,
    '--from',
    from,
    '--to',
    to,
    ...(port === undefined ? [] : ['--port', port]),
    ...(at === undefined ? [] : ['--until', at]),
  ])
}

/** The same question to the policies of a world, where there are no records that could answer it. */
export function worldCommand(from: string, to: string): string {
  return commandLine(['culprit', 'why', from, to, '--world', 'PATH'])
}

function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
