// What is wrong with a source, said once: not again with every attempt that fails in the same way.

import type { Receiver } from './receiver.ts'

/** Tells the receiver when it changes; undefined is all well, which it is at first. */
export function createComplaint(receiver: Receiver): (text: string | undefined) => void {
  let said: string | undefined
  return text => {
    if (text === said) return
    said = text
    receiver.trouble(text)
  }
}
