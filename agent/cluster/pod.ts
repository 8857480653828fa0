// A Pod as policies and addresses see it.

import type { ContainerPort, Phase, Pod } from '../policy/objects.ts'
import type { Observed, Stamp } from '../timeline/index.ts'
import { addressField, distinct } from './address-field.ts'
import type { Fields } from './field.ts'
import { type Meta, readMeta, readStamp, timeField } from './meta.ts'
import { readProtocol } from './protocol.ts'
import { readWorkload } from './workload.ts'

export function readPod(object: Fields): Observed {
  const meta = readMeta(object)
  const spec = object.fields('spec')
  const status = object.fields('status')
  // A string that is joined from a list is in one piece, and takes half the memory.
  const name = [meta.namespace, meta.name].join('/')
  const id = meta.uid ?? name
  const phase = readPhase(status)
  const ips = distinct(
    ...status.each('podIPs').map(each => addressField(each, 'ip')),
    addressField(status, 'podIP'),
  )
  const hostIPs = distinct(
    ...status.each('hostIPs').map(each => addressField(each, 'ip')),
    addressField(status, 'hostIP'),
  )
  const node = spec.string('nodeName')
  const pod: Pod = {
    uid: id,
    ns: meta.namespace,
    name: meta.name,
    labels: meta.labels,
    ips,
    hostIPs,
    ...(node ? { node } : {}),
    hostNetwork: spec.raw('hostNetwork') === true,
    phase: phase ?? (ips.length > 0 ? 'Running' : 'Pending'),
    terminating: meta.fields.has('deletionTimestamp'),
    ports: readPorts(spec),
    workload: readWorkload(meta),
  }
  return { kind: 'Pod', api: 'Pod', id, name, object: pod, stamp: podStamp(meta, status) }
}

const phases: readonly string[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] satisfies Phase[]

function readPhase(status: Fields): Phase | undefined {
  const phase = status.string('phase')
  if (phase === undefined || phase === '') return undefined
  if (!phases.includes(phase)) status.wrong('phase', `one of ${phases.join(', ')}`, phase)
  return phase as Phase
}

/** S44: regular containers, and init containers that go on running (sidecars). */
function readPorts(spec: Fields): readonly ContainerPort[] {
  const sidecars = spec.each('initContainers').filter(each => each.raw('restartPolicy') === 'Always')
  return [...spec.each('containers'), ...sidecars].flatMap(container =>
    container.each('ports').flatMap(readPort),
  )
}

function readPort(fields: Fields): ContainerPort[] {
  const name = fields.string('name')
  const port = fields.integer('containerPort', 1, 65_535)
  const protocol = readProtocol(fields)
  return port === undefined ? [] : [{ ...(name ? { name } : {}), port, protocol }]
}

function podStamp(meta: Meta, status: Fields): Stamp {
  const ends = status.each('containerStatuses').map(lastEnd)
  const finished = ends.length > 0 ? Math.max(...ends) : Number.NaN
  return { ...readStamp(meta.fields, 'labels'), started: timeField(status, 'startTime'), finished }
}

function lastEnd(container: Fields): number {
  return timeField(container.fields('state').fields('terminated'), 'finishedAt')
}
