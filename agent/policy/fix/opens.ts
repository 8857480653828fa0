// The words for what an edit opens, and for why there is none.

import type { Fix, Opens } from '../answer.ts'
import { formatPort, hasPolicyPorts } from '../protocol.ts'
import type { Opened } from './count.ts'
import { singleCidr } from './patch.ts'
import type { Denial } from './scene.ts'

export function opensOf({ peer, protocol, port }: Denial, { pods, namespaces, subjects }: Opened): Opens {
  return {
    pods,
    namespaces,
    ...(peer.kind !== 'pod' && { addresses: singleCidr(peer) }),
    ports: hasPolicyPorts(protocol) ? formatPort(protocol, port) : 'all',
    ...(subjects > 1 && { subjects }),
  }
}

export function none(because: string): Fix {
  return { kind: 'none', because }
}
