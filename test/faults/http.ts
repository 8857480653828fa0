// What a running agent says over HTTP: where it listens, as it said itself, and its metrics by name.

import type { Running } from './node.ts'

export interface Addresses {
  readonly main: string
  readonly probes: string
}

/** Once both were said. */
export function addressesOf({ said }: Running): Addresses {
  const [main, probes] = [...said().matchAll(/"address":"([^"]+)"/g)].map(
    ([, address]) => `http://${address}`,
  )
  if (main === undefined || probes === undefined) throw new Error(`it does not listen:\n${said()}`)
  return { main, probes }
}

const SECONDS = 20

export async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(SECONDS * 1000) })
  return response.text()
}

export type Samples = ReadonlyMap<string, number>

const sample =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)(?: \S+)?(?: # .*)?$/

/** `name{label="value"}` to value. @throws naming the line that is none. */
export function samplesOf(text: string): Samples {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name, value] = sample.exec(line) ?? []
    const number = Number(value?.replace(/Inf$/, 'Infinity'))
    if (name === undefined || (Number.isNaN(number) && value !== 'NaN'))
      throw new Error(`not a sample: ${line}`)
    if (samples.has(name)) throw new Error(`twice: ${name}`)
    samples.set(name, number)
  }
  return samples
}

export async function scrape(address: string): Promise<Samples> {
  return samplesOf(await textOf(`${address}/metrics`))
}
