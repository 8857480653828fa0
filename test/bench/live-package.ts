// A program that follows two logs with a package of npm's, does the least with them, and answers how many lines it was given.
//
//   node test/bench/live-package.ts tail|@logdna/tail-file BUSY DENIALS OUT [MS BETWEEN POLLS]

import { openSync, writeSync } from 'node:fs'
import TailFile from '@logdna/tail-file'
import { Tail } from 'tail'

const [name, busy, denials, out, poll] = process.argv.slice(2) as [string, string, string, string, string?]
const copy = openSync(out, 'a')
const taken = { busy: 0, denials: 0 }

/** Whole lines, without their newline. */
function withTail(path: string, onLine: (line: string) => void): void {
  const tail = new Tail(path, { fromBeginning: true })
  tail.on('line', onLine)
  tail.on('error', error => console.error(String(error)))
}

async function withTailFile(path: string, onLine: (line: string) => void): Promise<void> {
  const tail = new TailFile(path, {
    startPos: 0,
    ...(poll !== undefined && { pollFileIntervalMs: Number(poll) }),
  })
  let rest = ''
  tail.on('tail_error', error => console.error(String(error)))
  tail.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line)
  })
  await tail.start()
}

const follow = name === 'tail' ? withTail : withTailFile
await follow(busy, () => {
  taken.busy++
})
await follow(denials, line => {
  taken.denials++
  writeSync(copy, `${line}\n`)
})
process.on('message', () => process.send!(taken))
process.send!('ready')
