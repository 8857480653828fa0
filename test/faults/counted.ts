// What the records say was denied, by client: first records and their repeats, each id once.

import { run } from '../command/run.ts'

interface Line {
  readonly id: string
  readonly of?: string
  readonly n: number
  readonly event: string
  readonly src?: { readonly pod?: string }
}

export interface Counted {
  readonly byClient: ReadonlyMap<string, number>
  /** Lines that stood in the records twice. */
  readonly repeated: number
}

export async function countRecords(records: string): Promise<Counted> {
  const { stdout, stderr, code } = await run([
    'query',
    '--records',
    records,
    '--event',
    'flow.denied',
    '--output',
    'json',
  ])
  if (code !== 0) throw new Error(stderr)
  const seen = new Set<string>()
  const clients = new Map<string, string>()
  const byClient = new Map<string, number>()
  let repeated = 0
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Line)
  for (const { id, src } of lines) if (src?.pod !== undefined) clients.set(id, src.pod)
  for (const { id, of, n } of lines) {
    if (seen.has(id)) repeated++
    if (seen.has(id)) continue
    seen.add(id)
    const client = clients.get(of ?? id) ?? `nobody (${of ?? id})`
    byClient.set(client, (byClient.get(client) ?? 0) + n)
  }
  return { byClient, repeated }
}

export function sorted(counts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
