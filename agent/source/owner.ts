// Whose a directory is: two agents that write one state and one chain of records would tear both apart. The owner listens on a socket in
// it: whoever can connect finds it alive, in whatever container either runs, and what a crash leaves is found dead at once.

import { closeSync, openSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const NAME = 'owner.sock'

/** Makes the directory this process's until it is disposed of; undefined where another process lives that has it. @throws what the system says. */
export async function own(dir: string): Promise<AsyncDisposable | undefined> {
  // A socket's path may be 107 bytes long: through the directory's descriptor it always is shorter.
  const fd = openSync(dir, 'r')
  const path = `/proc/self/fd/${fd}/${NAME}`
  const give = (): void => closeSync(fd)
  try {
    const server = (await listen(path)) ?? ((await isAlive(path)) ? undefined : await takeOver(path))
    if (server === undefined) give()
    return server && { [Symbol.asyncDispose]: () => server.close().finally(give) }
  } catch (error) {
    give()
    throw error
  }
}

interface Listening {
  close(): Promise<void>
}

/** Undefined where the name is taken. */
function listen(path: string): Promise<Listening | undefined> {
  const server = createServer(socket => socket.destroy())
  // Being asked keeps nobody from ending.
  server.unref()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => {
      resolve({ close: () => new Promise<void>(closed => server.close(() => closed())) })
    })
  })
}

function isAlive(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const end = (alive: boolean) => () => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', end(true))
    socket.once('error', end(false))
  })
}

/** Of a process that is dead. Another one may be as quick: then it is that one's. */
async function takeOver(path: string): Promise<Listening | undefined> {
  unlinkSync(path)
  return listen(path)
}
