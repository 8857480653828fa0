// Node as a person starts it. Tap hands its own hooks to every Node below a test, by NODE_OPTIONS, and they take longer than a start.

import { execPath } from 'node:process'

export const plainNode = ['env', '-u', 'NODE_OPTIONS', execPath] as const
