// An agent that can be killed at any call of its file system, and started again from what is on the disk. Its source is a list of lines
// and stands at the number of those that it has handed on; its timers are run by hand.

import * as nodeFs from 'node:fs'
import * as nodeFsAsync from 'node:fs/promises'
import { join } from 'node:path'
import { mock } from 'node:test'
import { type Agent, openAgent } from '../../agent/agent.ts'
import { eventReader } from '../../agent/cluster/index.ts'
import type { ForensicRecord } from '../../agent/forensics/record.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { restoreFrom } from '../../agent/restore.ts'
import type { SegmentFile, SegmentFs } from '../../agent/sink/segment-files.ts'
import { missingFrom } from '../../agent/sink/segment-tail.ts'
import { openSegments, type Segments } from '../../agent/sink/segments.ts'
import { type CheckpointFs, openCheckpoint } from '../../agent/source/checkpoint.ts'
import type { Inlet } from '../../agent/source/receiver.ts'
import { createTimeline } from '../../agent/timeline/index.ts'
import { formatByName } from '../../collectors/index.ts'

export const start = Date.parse('2026-11-24T10:00:00Z')

const read = eventReader()
const objects = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'w1' },
    spec: { podCIDRs: ['10.0.0.0/16'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'db', uid: 'db', labels: { app: 'db' } },
    spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
    status: { phase: 'Running', podIPs: [{ ip: '10.0.0.2' }] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'db-in', uid: 'u', generation: 1 },
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [] },
  },
]

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly bytes: Buffer
}

/** A denial of the kernel's log; `10.0.0.9` is an address that no pod is known to have, so such a line waits. */
export function denial(at: number, from: string): LogLine {
  const stamp = new Date(at).toISOString().replace('Z', '000+00:00')
  const text = `${stamp} w1 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${from} DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 \n`
  return { at, bytes: Buffer.from(text) }
}

/** Dies at the call of that number, in the middle of what it writes; nothing that is asked of it afterwards is done. */
export interface Mortal {
  callsLeft: number
  isDead: boolean
}

export class Killed extends Error {}

export function mortalFs(life: Mortal): CheckpointFs {
  const step = <A extends unknown[], R>(call: (...args: A) => R) => {
    return (...args: A): R => {
      if (life.isDead) throw new Killed('dead')
      if (life.callsLeft-- > 0) return call(...args)
      life.isDead = true
      throw new Killed('killed')
    }
  }
  const whole = Object.fromEntries(
    Object.entries(nodeFs).map(([name, value]) => [
      name,
      typeof value === 'function' ? step(value as (...args: unknown[]) => unknown) : value,
    ]),
  ) as unknown as CheckpointFs
  return {
    ...whole,
    closeSync: fd => nodeFs.closeSync(fd),
    writeSync: ((fd: number, bytes: Buffer, offset: number, length: number, position: number) => {
      if (life.isDead) throw new Killed('dead')
      if (life.callsLeft-- > 0) return nodeFs.writeSync(fd, bytes, offset, length, position)
      nodeFs.writeSync(fd, bytes, offset, Math.floor(length / 2), position)
      life.isDead = true
      throw new Killed('killed')
    }) as typeof nodeFs.writeSync,
  }
}

/** Of segments: does nothing any more once the process is dead. */
function mortalSegmentFs(life: Mortal, files: Set<SegmentFile>): SegmentFs {
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    life.isDead ? Promise.reject(new Killed('dead')) : work()
  const wrap = (file: SegmentFile): SegmentFile => {
    files.add(file)
    return {
      write: (...args) => alive(() => file.write(...args)),
      read: (...args) => alive(() => file.read(...args)),
      truncate: size => alive(() => file.truncate(size)),
      sync: () => alive(() => file.sync()),
      stat: () => alive(() => file.stat()),
      close() {
        files.delete(file)
        return file.close()
      },
    }
  }
  return {
    readdir: path => alive(() => nodeFsAsync.readdir(path)),
    stat: path => alive(() => nodeFsAsync.stat(path)),
    open: (path, flags, mode) =>
      alive(async () => wrap((await nodeFsAsync.open(path, flags, mode)) as unknown as SegmentFile)),
    rename: (from, to) => alive(() => nodeFsAsync.rename(from, to)),
    unlink: path => alive(() => nodeFsAsync.unlink(path)),
    mkdir: (path, options) => alive(() => nodeFsAsync.mkdir(path, options)),
  }
}

export interface Run {
  readonly agent: Agent
  readonly life: Mortal
  /** Hands on so many lines more. */
  feed(count: number): void
  /** Lines of the list that were not handed on. */
  readonly left: number
  /** Lets time go by. */
  pass(ms: number): void
  readonly segments: Segments | undefined
  /** Of segments, those that are open. */
  readonly files: ReadonlySet<SegmentFile>
}

export interface Stage {
  /** Starts from what is on the disk; at most so many calls of the checkpoint's file system are made before it dies. */
  start(calls?: number): Promise<Run>
  /** What a destination that remembers was given, in order, over all runs. */
  readonly given: ForensicRecord[]
  /** Ends the timers of the last run. */
  kill(run: Run): Promise<void>
}

/** `segmentBytes`: there are segments, closed at that size. */
export function openStage(dir: string, lines: readonly LogLine[], segmentBytes?: number): Stage {
  const given: ForensicRecord[] = []
  const clock = { now: start }
  const records = join(dir, 'records')

  async function startRun(calls = Number.POSITIVE_INFINITY): Promise<Run> {
    mock.timers.enable({ apis: ['setInterval'] })
    const life: Mortal = { callsLeft: Number.POSITIVE_INFINITY, isDead: false }
    const checkpoint = openCheckpoint(join(dir, 'state'), mortalFs(life))
    const found = restoreFrom(checkpoint.restored)
    const files = new Set<SegmentFile>()
    const segments =
      segmentBytes === undefined
        ? undefined
        : await openSegments({
            dir: records,
            maxBytes: segmentBytes,
            now: () => clock.now,
            say() {},
            fs: mortalSegmentFs(life, files),
          })
    const restored = found && {
      ...found,
      records: segments === undefined ? found.records : missingFrom(records, found.records),
    }
    life.callsLeft = calls
    const agent = openAgent({
      timeline: createTimeline<Epoch>(
        { events: objects.map(object => read({ at: (start - 60_000) * 1000, type: 'ADDED', object })) },
        { compile: world => compile(world, { profile: 'upstream' }) },
      ),
      node: 'w1',
      checkpoint,
      restored,
      segments,
      sinks: [
        {
          write: record => {
            if (!life.isDead) given.push(record)
          },
          flush: async () => {},
        },
      ],
      allowed: 'count',
      now: () => clock.now,
      monotonic: () => clock.now,
      events: {
        opened() {},
        trouble() {},
        gap() {},
        record() {},
        answered() {},
        clockStepped() {},
        checkpoint(problem) {
          if (problem !== undefined && !life.isDead) throw problem
        },
        sinkError: error => {
          throw error
        },
      },
    })
    let inlet: Inlet | undefined
    let index = 0
    const createCollector = () =>
      formatByName('netfilter-log')!.create({
        zone: wall => wall,
        year: 2026,
        prefixes: [],
        bootTime: Number.NaN,
      })
    const spec = { name: 'k', title: 'k', format: 'netfilter-log', identity: '', isSpared: false }
    await agent.sources.set([
      {
        ...spec,
        createCollector,
        open(receiver, from) {
          index = typeof from === 'number' ? from : 0
          inlet = receiver.open({ stream: 's', file: '/log' })
          return {
            format: 'netfilter-log',
            name: 'k',
            position: () => index,
            async [Symbol.asyncDispose]() {},
          }
        },
      },
    ])
    return {
      agent,
      life,
      segments,
      files,
      feed(count) {
        for (const end = Math.min(lines.length, index + count); index < end && !life.isDead; ) {
          const { at, bytes } = lines[index]!
          clock.now = Math.max(clock.now, at + 100)
          inlet!.line(bytes, 0, bytes.length - 1, index)
          index++
        }
      },
      get left() {
        return lines.length - index
      },
      pass(ms) {
        for (let rest = ms; rest > 0 && !life.isDead; rest -= 50) {
          clock.now += 50
          mock.timers.tick(50)
        }
      },
    }
  }

  return {
    start: startRun,
    given,
    async kill({ life, files }) {
      life.isDead = true
      mock.timers.reset()
      // What was asked of the disk before is done all the same.
      await new Promise(resolve => setTimeout(resolve, 5))
      for (const file of files) await file.close()
    },
  }
}
