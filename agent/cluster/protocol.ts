// The protocol of a container's or a Service's port.

import type { Protocol } from '../policy/objects.ts'
import type { Fields } from './field.ts'

const protocols: readonly string[] = ['TCP', 'UDP', 'SCTP'] satisfies Protocol[]

/** TCP where none is named. */
export function readProtocol(fields: Fields): Protocol {
  const protocol = fields.string('protocol')
  if (protocol === undefined || protocol === '') return 'TCP'
  if (!protocols.includes(protocol)) fields.wrong('protocol', `one of ${protocols.join(', ')}`, protocol)
  return protocol as Protocol
}
