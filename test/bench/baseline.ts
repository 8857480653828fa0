// The obvious way to count flows, which the benches compare with: split lines, a regular expression or JSON.parse, a Map with a
// string key. It names no pod, asks no policy and writes no record.
//
//   node test/bench/baseline.ts FORMAT FILE

import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK = 256 * 1024

/** Calls `onChunk` for the whole file; the same buffer again and again. */
export function readChunks(path: string, onChunk: (chunk: Buffer) => void): void {
  const buffer = Buffer.allocUnsafeSlow(CHUNK)
  const file = openSync(path, 'r')
  for (
    let read = readSync(file, buffer, 0, CHUNK, null);
    read > 0;
    read = readSync(file, buffer, 0, CHUNK, null)
  )
    onChunk(buffer.subarray(0, read))
  closeSync(file)
}

const CONNTRACK =
  /^\[(\d+)\.(\d+)\]\s+\[(\w+)\] ipv4 +2 (\w+) +(\d+) .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/
const LOG =
  /^(\w+ +\d+ [\d:]+) \S+ kernel: \[[^\]]*\] (.*)IN=(\S*) OUT=(\S*) .*?SRC=(\S+) DST=(\S+) .*?PROTO=(\S+)(?: SPT=(\d+) DPT=(\d+))?/

const keys: Record<string, (line: string) => string> = {
  conntrack(line) {
    const found = CONNTRACK.exec(line)!
    return `${found[6]}>${found[7]}:${found[9]}/${found[4]}`
  },
  'netfilter-log'(line) {
    const found = LOG.exec(line)!
    return `${found[5]}>${found[6]}:${found[9]}/${found[7]}`
  },
  hubble(line) {
    const { flow } = JSON.parse(line)
    const l4 = flow.l4.TCP ?? flow.l4.UDP
    return `${flow.IP.source}>${flow.IP.destination}:${l4.destination_port}/${flow.verdict}`
  },
}

/** Counts the flows of a generated log; gives the number of lines. */
export function naive(path: string, format: string): number {
  const seen = new Map<string, number>()
  const key = keys[format]!
  let count = 0
  let rest = ''
  readChunks(path, chunk => {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const name = key(line)
      seen.set(name, (seen.get(name) ?? 0) + 1)
      count++
    }
  })
  return count
}

if (import.meta.main) console.log(naive(process.argv[3]!, process.argv[2]!))
