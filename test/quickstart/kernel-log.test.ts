import t from 'tap'
import { openKernelLog } from '../../agent/quickstart/kernel-log.ts'
import { type Answer, again, overwritten, record, scriptedDevice } from '../source/kmsg-device-scripted.ts'

/** Opens a log that holds `before`, and closes it when it has answered `after` too. */
function read(before: Answer[], after: Answer[]): { lines: string[]; losses: number[] } {
  const lines: string[] = []
  const losses: number[] = []
  const device = scriptedDevice(before)
  const log = openKernelLog({
    deviceSuffix: '-x7k2',
    onBytes: bytes => lines.push(Buffer.from(bytes).toString('latin1')),
    onLoss: lost => losses.push(lost),
    onEnd: why => t.fail(why),
    open: () => device,
  })
  device.answers.push(...after)
  log[Symbol.dispose]()
  t.ok(device.isClosed)
  return { lines, losses }
}

t.test('what the log held before is skipped, what comes then is passed on as it is', async t => {
  const { lines, losses } = read([record(1), record(2)], [record(3), record(4)])
  t.same(lines, [record(3), record(4)])
  t.same(losses, [])
})

t.test("other people's lines are not ours", async t => {
  const others = ['IN=b-y8l3 OUT=c-y8l3 ', 'usb 1-1: new device -x7k2 ', 'np-drop IN=b-x7k2x OUT=c-x7k2x ']
  t.same(
    read(
      [],
      others.map((text, index) => record(index, text)),
    ).lines,
    [],
  )
})

t.test('a gap is counted exactly, whosever lines were lost, also while it is being opened', async t => {
  const answers = [overwritten, record(9), record(10, 'something else'), record(12)]
  t.same(read([record(5), overwritten, record(7), again], answers).losses, [3])
})

t.test('a log that cannot be read is said, and the process lives', async t => {
  const ended: string[] = []
  const log = openKernelLog({
    deviceSuffix: '-x',
    onBytes() {},
    onLoss() {},
    onEnd: why => ended.push(why),
    open: () => scriptedDevice([record(1), { code: 'EIO' }]),
  })
  log[Symbol.dispose]()
  t.same(ended, ['Cannot read "/dev/kmsg": EIO'])
})
