// Processes that a bench has started end with it, however it ends.

const started = new Set<number>()

process.on('exit', () => {
  for (const pid of started) killOne(pid)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** To be killed when this process ends, unless it has ended before. */
export function mind<
  Child extends { readonly pid?: number | undefined; once(event: 'exit', ended: () => void): unknown },
>(child: Child): Child {
  const { pid } = child
  if (pid === undefined) return child
  started.add(pid)
  child.once('exit', () => started.delete(pid))
  return child
}
