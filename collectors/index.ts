// Every log format there is: one line each. The registry's order is the order in which content is tried for `auto`.

import type { Format } from './collector.ts'
import { conntrack } from './conntrack.ts'
import { hubble } from './hubble.ts'
import { netfilterLog } from './netfilter-log.ts'

export const formats: readonly Format[] = [conntrack, netfilterLog, hubble]

/** The format of that name, or undefined. */
export function formatByName(name: string): Format | undefined {
  return formats.find(format => format.name === name)
}
