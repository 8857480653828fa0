import t from 'tap'
import { kernelBootTime, openKernelLog } from '../../agent/quickstart/kernel-log.ts'

type Answer = string | 'EAGAIN' | 'EPIPE'

/** A kernel log that answers its reads in this order, then has nothing more. */
function device(answers: Answer[]): (buffer: Buffer) => number {
  return buffer => {
    const answer = answers.shift() ?? 'EAGAIN'
    if (answer === 'EAGAIN' || answer === 'EPIPE') throw Object.assign(new Error(answer), { code: answer })
    return buffer.write(answer, 'latin1')
  }
}

const record = (sequence: number, text = 'np-drop a/b-in IN=b-x7k2 OUT=c-x7k2 MAC=') =>
  `4,${sequence},123456,-;${text} \n`

function read(answers: Answer[]): { lines: string[]; losses: number[] } {
  const lines: string[] = []
  const losses: number[] = []
  const log = openKernelLog({
    deviceSuffix: '-x7k2',
    onBytes: bytes => lines.push(...Buffer.from(bytes).toString().split('\n').slice(0, -1)),
    onLoss: lost => losses.push(lost),
    onEnd: why => t.fail(why),
    read: device(answers),
  })
  log[Symbol.dispose]()
  return { lines, losses }
}

t.test('what the log held before is skipped, what comes then is passed on as it is', async t => {
  const { lines, losses } = read([record(1), record(2), 'EAGAIN', record(3), record(4)])
  t.same(
    lines,
    [record(3).trimEnd(), record(4).trimEnd()].map(line => `${line} `),
  )
  t.same(losses, [])
})

t.test("other people's lines are not ours", async t => {
  const others = ['IN=b-y8l3 OUT=c-y8l3 ', 'usb 1-1: new device -x7k2 ', 'np-drop IN=b-x7k2x OUT=c-x7k2x ']
  t.same(read(['EAGAIN', ...others.map((text, index) => record(index, text))]).lines, [])
})

t.test('a gap is counted exactly, whosever lines were lost', async t => {
  t.same(
    read(['EAGAIN', record(5), 'EPIPE', record(9), record(10, 'something else'), record(12)]).losses,
    [3, 1],
  )
})

t.test('a gap while it is being opened is counted as well', async t => {
  t.same(read([record(5), 'EPIPE', record(7), 'EAGAIN', record(10)]).losses, [1, 2])
})

t.test('the lines that the kernel adds about a record are left out', async t => {
  t.same(read(['EAGAIN', `${record(1)} SUBSYSTEM=net\n DEVICE=n1\n`]).lines, [`${record(1).trimEnd()} `])
})

t.test('other errors of the device are not hidden', async t => {
  const read = () => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' })
  }
  t.throws(
    () => openKernelLog({ deviceSuffix: '-x', onBytes: () => {}, onLoss: () => {}, onEnd: () => {}, read }),
    {
      message: 'EIO',
    },
  )
})

t.test('kernelBootTime() is before now and stays the same', async t => {
  const first = kernelBootTime()
  t.ok(first < Date.now() * 1000)
  t.ok(Math.abs(kernelBootTime() - first) < 20_000)
})

t.test('an error of the device while it is followed ends the log with a word, not the process', async t => {
  const answers = [record(1), 'EAGAIN']
  const ended = Promise.withResolvers<string>()
  const read = (buffer: Buffer) => {
    if (answers.length > 0) return device(answers.splice(0, 1))(buffer)
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  }
  openKernelLog({ deviceSuffix: '-x', onBytes: () => {}, onLoss: () => {}, onEnd: ended.resolve, read })
  t.equal(await ended.promise, 'EIO: i/o error')
})
