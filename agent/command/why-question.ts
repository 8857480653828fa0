// What `culprit why` computes an answer to, and the port and protocol of it where the call leaves them open.

import { type Epoch, formatPort, protocolName, protocolNumber, TCP } from '../policy/index.ts'
import type { Pod } from '../policy/objects.ts'
import { hasPolicyPorts } from '../policy/protocol.ts'
import type { View } from '../timeline/index.ts'
import type { Eyes } from '../verdict/judge.ts'
import { UsageError } from './errors.ts'
import { type Asked, isPodOf } from './why-ends.ts'

export interface Question {
  readonly from: Asked
  readonly to: Asked
  readonly port: number | undefined
  /** IANA number; undefined: what the other end declares, else TCP. */
  readonly proto: number | undefined
  readonly view: View<Epoch>
  /** Microseconds: of the state that is asked, NaN where the world has no times. */
  readonly time: number
  readonly eyes: Eyes
}

export interface Aim {
  /** -1 where the protocol has none. */
  readonly port: number
  /** IANA number. */
  readonly proto: number
  /** What was taken that nobody said. */
  readonly note?: string
}

/**
 * What the call leaves open is taken from what the other end declares, where that is one thing only.
 * @throws UsageError where it is not.
 */
export function aimAt({ to, port, proto }: Question, pods: readonly Pod[]): Aim {
  if (proto !== undefined && !hasPolicyPorts(proto)) return { port: -1, proto }
  const declared = declaredPorts(to, pods).filter(
    each => (proto ?? each.proto) === each.proto && (port ?? each.port) === each.port,
  )
  const [only] = declared
  if (port !== undefined) {
    if (proto !== undefined || declared.length !== 1 || only?.proto === TCP)
      return { port, proto: proto ?? TCP }
    return {
      ...only!,
      note: `Protocol ${protocolName(only!.proto)} was taken: ${to.name} declares this port with it.`,
    }
  }
  const text = declared.map(each => formatPort(each.proto, each.port)).join(', ')
  if (declared.length === 1)
    return {
      ...only!,
      note: `Port ${text} was taken, the only one${proto === undefined ? '' : ' of this protocol'} that ${to.name} declares.`,
    }
  throw new UsageError(`Cannot answer without --port: ${to.name} declares ${text || 'none'}`)
}

/** Distinct, in order. */
function declaredPorts(to: Asked, pods: readonly Pod[]): { port: number; proto: number }[] {
  const ports =
    to.kind === 'service' ? to.service.ports : pods.filter(pod => isPodOf(to, pod)).flatMap(pod => pod.ports)
  const distinct = new Map(ports.map(each => [`${each.port} ${each.protocol}`, each]))
  return [...distinct.values()]
    .map(({ port, protocol }) => ({ port, proto: protocolNumber(protocol)! }))
    .sort((a, b) => a.port - b.port || a.proto - b.proto)
}
