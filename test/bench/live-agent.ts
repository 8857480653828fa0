// The agent as a follower, as it is deployed: it has a cluster, attributes the denials and keeps records of them. Lines are those
// that it understood, as its metrics count them.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressesOf, scrape } from '../faults/http.ts'
import { makeNode, type Running, startAgent, untilSaid } from '../faults/node.ts'
import { deployed } from './deployed.ts'
import { mind } from './live-children.ts'
import { sumOf } from './live-figures.ts'
import type { Follower } from './live-follower.ts'

const record = /"dst":\{[^}]*"port":(\d+)/g

export const agent: Follower = {
  name: 'culprit',
  async start({ dir, busy, denials }) {
    const node = makeNode(dir)
    writeFileSync(
      node.config,
      configuration(dir, [
        { format: 'conntrack', file: busy },
        { format: 'netfilter-log', file: denials },
      ]),
    )
    const running = startAgent(node, {}, await deployed())
    mind(running.child)
    await untilSaid(running, '"started"')
    for (let tries = 0; running.said().split('"address"').length < 3 && tries < 500; tries++) await sleep(20)
    const { main } = addressesOf(running)
    return {
      pid: running.child.pid!,
      async lines() {
        const samples = await scrape(main)
        const count = (source: string) => sumOf(samples, 'culprit_source_lines_total', source, 'understood')
        return { busy: count('conntrack'), denials: count('netfilter-log') }
      },
      arrivals: () => segment(node.records),
      pattern: record,
      stop: () => stopAgent(running),
    }
  },
}

/** As YAML; `sources` and `http` may be left out. */
export function configuration(dir: string, sources: readonly object[], http = true): string {
  return `node: w1
manifests: ${join(dir, 'manifests')}
sources: ${JSON.stringify(sources)}
records: {directory: ${join(dir, 'records')}}
output: {records: off}
http: ${http ? '{listen: "127.0.0.1:0", probesListen: "127.0.0.1:0"}' : 'off'}
`
}

export async function stopAgent({ child, ended, said }: Running): Promise<void> {
  child.kill('SIGTERM')
  if ((await ended) !== 0) throw new Error(`the agent did not end well:\n${said()}`)
}

function segment(records: string): string | undefined {
  const names = readdirSync(records).filter(name => name.endsWith('.jsonl'))
  return names.length === 0 ? undefined : join(records, names.sort().at(-1)!)
}
