// A program that is to run all the time: started again when it ends, at first soon and then ever more seldom, and never read
// faster than its lines can be taken. What it says while nobody can take more waits in its pipe.

import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { childEnvironment, missingAdvice, wordsAdvice } from './child-program.ts'
import { type Later, later as laterOn } from './later.ts'

/** One run of the program, from its start to its end. */
export interface ChildLife {
  /** What it wrote to standard output; the bytes are valid during the call. */
  bytes(chunk: Buffer): void
  /** What it wrote to standard error. */
  words?(text: string): void
  /** It ended, and everything it wrote has been handed on; `why` is the end of a sentence, with what would help. */
  ended(why: string): void
}

export interface ChildOptions {
  /** The program and its arguments, asked for before each start. */
  readonly command: () => readonly string[]
  /** It was started with this process id; undefined where it could not be. */
  readonly begin: (pid: number | undefined) => ChildLife
  /** Read no further now; looked at again soon. */
  readonly isFull: () => boolean
  readonly later?: Later
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly firstRestartMs?: number
  readonly longestRestartMs?: number
  /** A run as long as this was a good one: the next restart is soon again. */
  readonly healthyMs?: number
}

const fullMs = 5
/** From being asked to end to being made to. */
const patienceMs = 2000
/** Of what it says to standard error, to quote from. */
const longestWords = 400

/** Starts it at once. Closing ends it, and waits until it is gone and all its words are handed on. */
export function keepRunning(options: ChildOptions): AsyncDisposable {
  const {
    now,
    later = laterOn,
    firstRestartMs = 500,
    longestRestartMs = 60_000,
    healthyMs = 60_000,
  } = options
  let restartMs = firstRestartMs
  let isClosing = false
  let cancel = (): void => {}
  let current: { end(): Promise<void> } | undefined
  start()

  function start(): void {
    const startedMs = now()
    current = runOnce(options, later, () => {
      current = undefined
      if (isClosing) return
      if (now() - startedMs >= healthyMs) restartMs = firstRestartMs
      cancel = later(start, restartMs)
      restartMs = Math.min(restartMs * 2, longestRestartMs)
    })
  }

  return {
    async [Symbol.asyncDispose]() {
      isClosing = true
      cancel()
      await current?.end()
    },
  }
}

function runOnce(options: ChildOptions, later: Later, onEnd: () => void): { end(): Promise<void> } {
  const [program, ...args] = options.command()
  const child = spawn(program!, args, {
    env: childEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a process group of its own Ctrl-C in a terminal reaches the agent alone, which then ends it in order.
    detached: true,
  })
  const life = options.begin(child.pid)
  const words = listen(child.stderr, life)
  const flow = controlFlow(child.stdout, options.isFull, later)
  // Where the system has no descriptors left there are no pipes either.
  child.stdout?.on('data', (chunk: Buffer) => {
    life.bytes(chunk)
    flow.check()
  })
  let failure: NodeJS.ErrnoException | undefined
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let isOver = false
  function finish(code: number | null, signal: NodeJS.Signals | null): void {
    if (isOver) return
    isOver = true
    flow.stop()
    life.ended(
      failure === undefined ? whyEnded(program!, words(), code, signal) : whyFailed(program!, failure),
    )
    onEnd()
    resolve()
  }
  child.on('error', error => {
    failure = error
    if (child.pid === undefined) finish(null, null)
  })
  // What is left in its pipe is little, and it is not gone before that was read.
  child.on('exit', flow.open)
  child.on('close', finish)
  return {
    async end() {
      flow.open()
      child.kill('SIGTERM')
      const cancel = later(() => child.kill('SIGKILL'), patienceMs)
      await ended
      cancel()
    },
  }
}

/** What it said to standard error last. */
function listen(stream: Readable | undefined, life: ChildLife): () => string {
  let lastWords = ''
  stream?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = `${lastWords}${text}`.slice(-longestWords)
    life.words?.(text)
  })
  return () => lastWords.trim().replace(/\s*\n\s*/g, ' ')
}

/** Stops reading while `isFull`, until it is opened for good. */
function controlFlow(stream: Readable | undefined, isFull: () => boolean, later: Later) {
  let cancel: (() => void) | undefined
  let isOpen = false
  function look(): void {
    cancel = undefined
    if (!isOpen && isFull()) cancel = later(look, fullMs)
    else stream?.resume()
  }
  function check(): void {
    if (isOpen || cancel !== undefined || !isFull()) return
    stream?.pause()
    cancel = later(look, fullMs)
  }
  stream?.pause()
  cancel = later(look, 0)
  return {
    check,
    stop: () => cancel?.(),
    open() {
      isOpen = true
      cancel?.()
      stream?.resume()
    },
  }
}

function whyFailed(program: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return missingAdvice(program)
  if (code === 'EACCES' || code === 'EPERM') return `"${program}" may not be executed by this user`
  return message
}

function whyEnded(
  program: string,
  words: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): string {
  if (signal !== null) return `it was ended by ${signal}`
  return words === '' ? `it ended with exit code ${code}` : wordsAdvice(program, words)
}
