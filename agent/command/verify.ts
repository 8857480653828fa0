// `culprit verify`: walks the chain through all segments of a directory and names the first line of each that breaks it.

import { parseSegmentName } from '../forensics/segment.ts'
import { type Chain, GENESIS, hashAfter, readChain } from '../forensics/segment-chain.ts'
import { createIndexer, type IndexBlock, isHonest } from '../forensics/segment-index.ts'
import { createLines } from '../source/lines.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'
import { plural } from './plural.ts'
import { listRecords, type RecordFile, readRecords } from './record-files.ts'

interface VerifyCall {
  /** `SEQ:HASH` of a checkpoint that was kept elsewhere. */
  readonly witness?: string
}

const FAILED = 1
/** Faults that are named; further ones are counted. */
const MOST_FAULTS = 100

/** Gives the exit code: 1 where something does not hold. @throws UsageError */
export async function runVerify(dir: string, call: VerifyCall, io: Io): Promise<number> {
  const witness = readWitness(call.witness)
  const { files, foreign } = listRecords(dir, 'DIR')
  const segments = files.filter(({ first }) => first !== undefined).sort((a, b) => a.first! - b.first!)
  const walk = createWalk(witness)
  for (const name of foreign)
    walk.fault(`${name}: it is of a version that is not known here: it was not verified`)
  if (segments.length === 0)
    walk.fault(`${dir}: it holds no segments, and other files have no chain that could be verified`)
  for (const segment of segments) {
    if (io.signal.aborted) return FAILED
    await walk.segment(segment)
  }
  const { faults, lines, last } = walk.close()
  await io.stdout(
    faults
      .slice(0, MOST_FAULTS)
      .map(fault => `${fault}\n`)
      .join(''),
  )
  if (faults.length > MOST_FAULTS) io.stderr(`culprit: ${faults.length - MOST_FAULTS} more\n`)
  io.stderr(
    `culprit: ${plural(segments.length, 'segment')}, ${plural(lines, 'line')}: ${faults.length === 0 ? 'the chain is whole' : plural(faults.length, 'fault')}\n`,
  )
  if (faults.length === 0)
    io.stderr(
      `culprit: its end is ${last.seq}:${last.hash}. Whoever can write here can write it all anew: keep this elsewhere, and ask later with --witness\n`,
    )
  return faults.length === 0 ? 0 : FAILED
}

function readWitness(text: string | undefined): Chain | undefined {
  if (text === undefined) return undefined
  const match = /^(\d{1,15}):([A-Za-z0-9_-]{43})$/.exec(text)
  if (match !== null) return { seq: Number(match[1]), hash: match[2]! }
  throw new UsageError(
    `Cannot use --witness "${text}": it is SEQ:HASH, as verify and chain.checkpoint tell it`,
  )
}

interface Walk {
  segment(file: RecordFile): Promise<void>
  fault(text: string): void
  close(): { readonly faults: readonly string[]; readonly lines: number; readonly last: Chain }
}

function createWalk(witness: Chain | undefined): Walk {
  const faults: string[] = []
  /** Line numbers that segments which were removed ended with, as gaps in the chain say. */
  const removedTo = new Set<number>()
  let begins: { readonly name: string; readonly seq: number } | undefined
  let isWitnessed = false
  let chain: Chain = GENESIS
  const indexer = createIndexer()
  let lines = 0

  async function segment(file: RecordFile): Promise<void> {
    let number = 0
    let isBroken = false
    const fault = (text: string) => {
      // What follows the first fault of a segment follows from it, more often than not.
      if (!isBroken) faults.push(`${file.name}:${number}: ${text}`)
      isBroken = true
    }
    const reader = createLines((bytes, start, end) => {
      number++
      lines++
      line((bytes as Buffer).subarray(start, end), file, number === 1, fault)
    })
    const blocks: IndexBlock[] = []
    try {
      let last = 10
      for await (const chunk of readRecords(file)) {
        reader.write(chunk)
        if (file.index !== undefined) blocks.push({ offset: 0, bytes: 0, ...indexer.block(chunk as Buffer) })
        last = chunk.at(-1)!
      }
      reader.close()
      if (last !== 10) fault('the line is not whole: it is being written, or a crash cut it')
    } catch (error) {
      faults.push(`${file.name}: after line ${number}: ${(error as Error).message}`)
    }
    if (file.index !== undefined && !isHonest(file.index, { terms: indexer.take(), blocks }))
      faults.push(`${file.name}: its index hides lines that are in it`)
    if (file.index !== undefined && file.index.last !== chain.seq)
      fault(
        `the index says that it ends with line ${file.index.last} of the chain, it ends with ${chain.seq}`,
      )
  }

  function line(text: Buffer, file: RecordFile, isFirst: boolean, fault: (text: string) => void): void {
    const found = readChain(text)
    if (found === undefined) {
      fault('the line has no chain: it was put in or changed')
      return
    }
    const { seq, hash, bodyEnd } = found
    if (begins === undefined) {
      begins = { name: file.name, seq }
      // Of a chain whose beginning was removed, the first line tells what it follows.
      if (seq > 1) chain = before(text) ?? chain
    }
    if (isFirst && seq !== file.first)
      fault(`the file's name says line ${file.first} of the chain, it holds ${seq}`)
    if (seq !== chain.seq + 1)
      fault(`line ${seq} of the chain follows line ${chain.seq}: ${missing(chain.seq, seq)}`)
    else if (hashAfter(chain.hash, text.subarray(0, bodyEnd)) !== hash)
      fault(`line ${seq} of the chain was changed, or the one before it`)
    chain = { seq, hash }
    if (witness !== undefined && witness.seq === seq) isWitnessed = witness.hash === hash
    noteRemoved(text)
  }

  function noteRemoved(text: Buffer): void {
    if (!text.includes('"source":"segments"')) return
    const { evidence, lost } = parsed<{ evidence: { file?: string }; lost: number }>(text)
    const removed = parseSegmentName(evidence?.file ?? '')
    if (removed !== undefined && lost !== undefined) removedTo.add(removed.first + lost)
  }

  return {
    segment,
    fault: text => void faults.push(text),
    close() {
      if (begins !== undefined && begins.seq > 1 && !removedTo.has(begins.seq))
        faults.push(
          `${begins.name}:1: lines 1 to ${begins.seq - 1} of the chain are not here, and no record says that they were removed`,
        )
      if (witness !== undefined && !isWitnessed)
        faults.push(`the chain does not hold the witness: line ${witness.seq} is another or is not here`)
      return { faults, lines, last: chain }
    },
  }
}

/** Where the chain stood before a checkpoint. */
function before(text: Buffer): Chain | undefined {
  const { event, seq, hash } = parsed<{ event: string } & Chain>(text)
  return event === 'chain.checkpoint' && seq !== undefined && hash !== undefined ? { seq, hash } : undefined
}

function parsed<T>(text: Buffer): Partial<T> {
  try {
    return JSON.parse(text.toString()) as Partial<T>
  } catch {
    // Whoever broke it broke its hash too, and that is said.
    return {}
  }
}

function missing(last: number, next: number): string {
  return next > last ? `${plural(next - last - 1, 'line')} missing` : 'it is out of its place'
}
