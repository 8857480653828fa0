// How long the agent waited for the processor, memory or the disk: the kernel's pressure figures of its own group (accounting/psi.rst).
// Version 1 has none of a group, and the machine's are not the agent's.

import type { Groups } from './cgroup-locate.ts'
import type { SmallFiles } from './small-file.ts'

/** Totals in seconds, by resource (`cpu`, `memory`, `io`) and kind: `some` task waited, or all of them did (`full`). */
export type PressureFigures = readonly {
  readonly resource: string
  readonly kind: string
  readonly seconds: number
}[]

const resources = ['cpu', 'memory', 'io'] as const

export function pressureReader(files: SmallFiles, { v2 }: Groups): () => PressureFigures {
  if (v2 === undefined || files.text(`${v2.path}/cgroup.type`) === undefined) return () => []
  return () =>
    resources.flatMap(resource => totals(files.text(`${v2.path}/${resource}.pressure`) ?? '', resource))
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=109882443`, in microseconds. */
function totals(text: string, resource: string): PressureFigures {
  return [...text.matchAll(/^(some|full) .*total=(\d+)/gm)].map(([, kind, micros]) => ({
    resource,
    kind: kind!,
    seconds: Number(micros) / 1e6,
  }))
}
