// What only the whole configuration shows: settings that contradict one another, and sources that would be read twice.

import { parseListen } from './listen.ts'
import type { Path, Problem } from './problems.ts'
import type { Config } from './schema.ts'
import { patternsOf, type SourceConfig } from './source.ts'

export function wholeProblems(config: Config): Problem[] {
  return [...recordsProblems(config), ...httpProblems(config), ...sourceProblems(config)]
}

function recordsProblems({ records }: Config): Problem[] {
  if (records.budgetMebibytes >= records.segmentMebibytes) return []
  return [
    {
      path: ['records', 'budgetMebibytes'],
      text: `${records.budgetMebibytes} MiB hold no segment of ${records.segmentMebibytes} MiB (records.segmentMebibytes): give more, or smaller segments`,
    },
  ]
}

function httpProblems({ http }: Config): Problem[] {
  if (http === 'off') return []
  const [main, probes] = [parseListen(http.listen), parseListen(http.probesListen)]
  const isSame = main?.port === probes?.port && main?.port !== 0 && main?.host === probes?.host
  return isSame ? [{ path: ['http', 'probesListen'], text: 'it is the same address as http.listen' }] : []
}

/** One file of two sources would be counted twice; so would the kernel's log by its two ways. */
function sourceProblems({ sources, custom }: Config): Problem[] {
  if (sources === 'auto') return []
  const earlier = new Map<string, number>()
  return sources.flatMap((source, i): Problem[] => {
    const path = ['sources', i]
    const twice = keysOf(source).find(key => earlier.has(key))
    const first = twice === undefined ? undefined : earlier.get(twice)
    for (const key of keysOf(source)) earlier.set(key, earlier.get(key) ?? i)
    return [
      ...fileProblems(source, path),
      ...(first === undefined ? [] : [{ path, text: `${twice} is read by sources.${first} already` }]),
      ...('format' in source && source.format === 'custom' && custom === undefined
        ? [{ path: [...path, 'format'], text: 'there is no mapping: say in custom: what its fields are' }]
        : []),
    ]
  })
}

function fileProblems(source: SourceConfig, path: Path): Problem[] {
  if (!('begin' in source) || 'kernel' in source) return []
  const { file, files } = source
  if (file !== undefined && files !== undefined)
    return [{ path, text: 'file and files are one setting: give one of them' }]
  if (file !== undefined || files !== undefined) return []
  return [{ path, text: 'it names no file: give file: PATH, files: [PATHS], or standardInput: true' }]
}

function keysOf(source: SourceConfig): readonly string[] {
  if ('kernel' in source) return ["the kernel's log"]
  if ('conntrack' in source) return ['conntrack']
  if ('standardInput' in source) return ['standard input']
  return patternsOf(source).map(pattern => `"${pattern}"`)
}
