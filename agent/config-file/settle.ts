// When a look is believed: at once where a whole file was put in place of another, else when two looks in turn saw the same. A file that is
// being written is a shorter configuration, and often a valid one.

import type { Look } from './look.ts'

export interface Settling {
  /** The look that is to be believed now; `same`: nothing has changed; `wait`: look again soon. */
  see(look: Look): Look | 'same' | 'wait'
}

/** `first`: the text that is in force. */
export function createSettling(first: string): Settling {
  let believed = `text ${first}`
  let last: Look | undefined
  let pending: string | undefined
  return {
    see(look) {
      const key = keyOf(look)
      const isWhole = isPutInPlace(last, look)
      last = look
      if (key !== believed && key !== pending && !isWhole) {
        pending = key
        return 'wait'
      }
      pending = undefined
      if (key === believed) return 'same'
      believed = key
      return look
    },
  }
}

function keyOf(look: Look): string {
  return 'text' in look ? `text ${look.text}` : `trouble ${look.trouble}`
}

/** A link was switched, or a file renamed over it: its content had been written before. */
function isPutInPlace(before: Look | undefined, now: Look): boolean {
  if (before === undefined || !('text' in before) || !('text' in now)) return false
  return now.realPath !== before.realPath || (now.inode !== before.inode && now.isNamedLater)
}
