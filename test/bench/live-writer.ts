// A program that writes connections into a log at a steady rate and rotates it: the file is renamed and another one begun. It is a
// process of its own, so that writing costs those who follow and those who measure nothing. It tells how many lines it has written.
//
//   node test/bench/live-writer.ts FILE LINES_PER_SECOND SECONDS SECONDS_BETWEEN_ROTATIONS [FILE OF PAIRS]

import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { betweenClients, connectionLine, type Ends } from './live-lines.ts'

const [path, rate, seconds, rotateSeconds, pairsFile] = process.argv.slice(2) as [string, ...string[]]
const EVERY_MS = 10
const KEPT = 3

const ends: Ends = pairsFile === undefined ? betweenClients : pairsOf(pairsFile)
let fd = openSync(path, 'a')
let lines = 0
let rotations = 0
const began = performance.now()

for (let elapsed = 0; elapsed < Number(seconds) * 1000; await sleep(EVERY_MS)) {
  elapsed = Math.min(performance.now() - began, Number(seconds) * 1000)
  writeUntil(Math.floor((elapsed * Number(rate)) / 1000))
  const due = Math.floor(elapsed / (Number(rotateSeconds) * 1000))
  if (due > rotations && elapsed < Number(seconds) * 1000) rotate()
}
closeSync(fd)
process.send?.({ lines, rotations })
process.disconnect?.()

function writeUntil(count: number): void {
  const stamp = (Date.now() / 1000).toFixed(3)
  let text = ''
  for (; lines < count; lines++)
    text += connectionLine(lines, `${stamp}${String(lines % 1000).padStart(3, '0')}`, ends)
  if (text !== '') writeSync(fd, text)
}

function rotate(): void {
  rotations++
  rmSync(`${path}.${KEPT}`, { force: true })
  for (let i = KEPT - 1; i > 0; i--)
    if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`)
  renameSync(path, `${path}.1`)
  closeSync(fd)
  fd = openSync(path, 'a')
}

function pairsOf(file: string): Ends {
  const pairs: readonly [string, string][] = JSON.parse(readFileSync(file, 'utf8'))
  return serial => pairs[serial % pairs.length]!
}
