import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { editEvent, policyToEdit } from '../../agent/quickstart/edit.ts'
import { manifestsOf } from '../../agent/quickstart/index.ts'
import type { QuickstartEvent } from '../../agent/quickstart/quickstart.ts'
import {
  createRecorder,
  files,
  kernelLine,
  readRecording,
  restamped,
} from '../../agent/quickstart/recording.ts'
import { type Clock, openReplay } from '../../agent/quickstart/replay.ts'
import { readShop } from '../../agent/quickstart/shop.ts'

const shop = readShop(manifestsOf())
const original = policyToEdit(shop)
const start = Date.parse('2026-11-24T18:00:00.000Z')
const packet = 'np-drop a/b-in IN=b-demo OUT=c-demo SRC=10.244.1.12 DST=10.244.1.21 '

t.test('a record of /dev/kmsg becomes a line of syslog at its wall-clock time', async t => {
  t.equal(
    kernelLine(`4,17,5001815594,-;${packet}`, start * 1000, 'worker-1'),
    `2026-11-24T19:23:21.815594+00:00 worker-1 kernel: ${packet}`,
  )
})

t.test('restamped() changes the stamp and nothing else', async t => {
  const at = Date.parse('2027-01-02T03:04:05.006Z') * 1000 + 7
  t.equal(
    restamped('netfilter-log', `2026-11-24T18:00:00.140418+00:00 worker-1 kernel: ${packet}`, at),
    `2027-01-02T03:04:05.006007+00:00 worker-1 kernel: ${packet}`,
  )
  t.equal(
    restamped('conntrack', '[1795541609.664935]\t    [NEW] ipv4 id=5', at),
    '[1798859045.006007]\t    [NEW] ipv4 id=5',
  )
})

/** 0 s: a denial; 0.5 s: a connection; 1 s: the edit; 1.25 s: a denial; 2 s: put back. */
function record(folder: string): void {
  const recorder = createRecorder({
    at: new Date(start - 1000).toISOString(),
    type: 'ADDED',
    object: original,
  })
  const kernel = (ms: number) => Buffer.from(`4,1,${ms * 1000},-;${packet}\n`)
  recorder.add('netfilter-log', kernel(0))
  recorder.add('conntrack', Buffer.from(`[${start / 1000}.500000]\t    [NEW] src=a dst=b id=700\n`))
  recorder.edited(editEvent(original, 'edit', 4, start + 1000))
  recorder.add('netfilter-log', kernel(1250))
  recorder.edited(editEvent(original, 'revert', 5, start + 2000))
  recorder.write(folder, start * 1000, 'worker-1')
}

t.test('a recording is read back in the order of time', async t => {
  const folder = t.testdir()
  record(folder)
  const entries = readRecording(folder)
  t.same(
    entries.map(({ at }) => at / 1000 - start),
    [-1000, 0, 500, 1000, 1250, 2000],
  )
  t.same(
    entries.map(entry => ('line' in entry ? entry.source : entry.event.type)),
    ['ADDED', 'netfilter-log', 'conntrack', 'MODIFIED', 'netfilter-log', 'MODIFIED'],
  )
})

/** Time passes only while somebody sleeps. */
function fakeClock(now: number, untilMs: number, stop: () => void): Clock {
  const end = now + untilMs
  return {
    now: () => now,
    async sleep(ms) {
      now += ms
      if (now >= end) stop()
      await null
    },
  }
}

t.test(
  'a replay happens now, at its own pace, and starts over with other connections and higher generations',
  async t => {
    const folder = t.testdir()
    record(folder)
    const now = Date.parse('2027-05-06T07:08:09.500Z')
    const seen: [ms: number, what: string][] = []
    const events: QuickstartEvent[] = []
    const done = Promise.withResolvers<void>()
    const clock = fakeClock(now, 7_900, done.resolve)
    const replay = openReplay(
      folder,
      'worker-1',
      (_source, bytes) => {
        const text = Buffer.from(bytes).toString()
        seen.push([
          clock.now() - now,
          text.split(/[ \t]/)[0]!.slice(0, 24) + (text.match(/id=\d+/)?.[0] ?? ''),
        ])
      },
      event => events.push(event),
      clock,
    )
    t.equal(replay.mode, 'recording')
    t.equal(replay.nodeName, 'worker-1')
    await done.promise
    await replay[Symbol.asyncDispose]()
    const connection = (ms: number) => `[${(now + ms) / 1000}.000000]`
    t.same(seen, [
      [1000, '2027-05-06T07:08:10.5000'],
      [1500, `${connection(1500)}id=700`],
      [2250, '2027-05-06T07:08:11.7500'],
      [5000, '2027-05-06T07:08:14.5000'],
      [5500, `${connection(5500)}id=701`],
      [6250, '2027-05-06T07:08:15.7500'],
    ])
    const watched = events.flatMap(event => (event.kind === 'watch' ? [event] : []))
    t.same(
      watched.map(({ at }) => Date.parse(at) - now),
      [2000, 3000, 6000, 7000],
    )
    t.same(
      watched.map(({ object }) => object.metadata.generation),
      [4, 5, 6, 7],
    )
    const [edit, revert] = watched
    t.match(edit?.object.metadata.managedFields, [
      { manager: 'argocd-controller', time: '2026-10-05T12:31:14Z' },
      { manager: 'kubectl-edit', time: '2027-05-06T07:08:11Z' },
    ])
    t.match(revert?.object.metadata.managedFields, [
      { manager: 'argocd-controller', time: '2027-05-06T07:08:12Z' },
    ])
  },
)

t.test('an empty recording is refused', async t => {
  const folder = t.testdir({ [files.kernel]: '', [files.conntrack]: '', [files.timeline]: '' })
  t.throws(
    () =>
      openReplay(
        folder,
        'worker-1',
        () => {},
        () => {},
      ),
    { message: /Cannot replay ".*": the recording is empty/ },
  )
})

t.test('the recording that is shipped is small, whole, and ends as it began', async t => {
  const folder = fileURLToPath(new URL('../../deploy/quickstart/recording/', import.meta.url))
  const size = Object.values(files).reduce((sum, name) => sum + statSync(`${folder}${name}`).size, 0)
  t.ok(size < 300_000, `${size} bytes`)
  const entries = readRecording(folder)
  t.notOk(entries.some(({ at }) => Number.isNaN(at)))
  const seconds = (entries.at(-1)!.at - entries[0]!.at) / 1e6
  t.ok(seconds > 55 && seconds < 95, `${seconds} s`)
  const events = entries.flatMap(entry => ('event' in entry ? [entry.event] : []))
  t.equal(events[0]?.type, 'ADDED')
  t.same(events.at(-1)?.object.spec, original.spec)
  t.same(events[0]?.object, original, 'it was made with the manifests as they are now')
  const denials = entries.flatMap(entry =>
    'line' in entry && entry.source === 'netfilter-log' ? [entry.line] : [],
  )
  t.ok(denials.every(line => / worker-1 kernel: np-(drop|reject) \S+ IN=\w+-demo OUT=\w+-demo /.test(line)))
})
