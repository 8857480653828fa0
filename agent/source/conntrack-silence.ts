// Why no event comes: often nothing is wrong with the reader. Connections are tracked only in a network namespace in which a rule
// uses them, and the kernel can be told not to say anything.

import { runLines } from './child-run.ts'
import { conntrackEventsOff } from './host-checks.ts'

const timeoutMs = 5000

/** One actionable sentence about this silence, or undefined where connections are just rare. `command` runs `conntrack`. */
export async function whySilent(
  command: readonly string[],
  proc: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const switchedOff = conntrackEventsOff(proc)
  if (switchedOff !== undefined) return switchedOff
  let count = Number.NaN
  const takeCount = (bytes: Uint8Array, start: number, end: number): void => {
    count = Number(Buffer.from(bytes.subarray(start, end)).toString('latin1'))
  }
  await runLines([...command, '-C'], takeCount, { timeoutMs, signal })
  if (count !== 0) return undefined
  return 'conntrack tracks no connection in this network namespace: it begins when a rule uses it (`ct state`, NAT, kube-proxy); until then allowed connections are not seen'
}
