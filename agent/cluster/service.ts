// A Service: which addresses and ports lead to which pods.

import type { Observed, Service, ServicePort } from '../timeline/index.ts'
import { addressField, addressList, distinct } from './address-field.ts'
import type { Fields } from './field.ts'
import { readMeta, readStamp } from './meta.ts'
import { readProtocol } from './protocol.ts'

export function readService(object: Fields): Observed {
  const meta = readMeta(object)
  const spec = object.fields('spec')
  const isHeadless = spec.raw('clusterIP') === 'None'
  const balancer = object.fields('status').fields('loadBalancer').each('ingress')
  const selector = spec.stringMap('selector')
  const service: Service = {
    ns: meta.namespace,
    name: meta.name,
    clusterIPs: distinct(
      addressList(spec, 'clusterIPs', 'None'),
      isHeadless ? [] : addressField(spec, 'clusterIP'),
    ),
    externalIPs: distinct(
      addressList(spec, 'externalIPs'),
      ...balancer.map(each => addressField(each, 'ip')),
    ),
    ports: spec.each('ports').flatMap(readPort),
    ...(Object.keys(selector).length > 0 ? { selector } : {}),
  }
  const name = `${meta.namespace}/${meta.name}`
  return {
    kind: 'Service',
    api: 'Service',
    id: name,
    name,
    object: service,
    stamp: readStamp(meta.fields, 'spec'),
  }
}

function readPort(fields: Fields): ServicePort[] {
  const name = fields.string('name')
  const port = fields.integer('port', 1, 65_535)
  const nodePort = fields.integer('nodePort', 0, 65_535)
  const protocol = readProtocol(fields)
  if (port === undefined) return []
  return [
    {
      ...(name ? { name } : {}),
      port,
      targetPort: readTarget(fields, port),
      protocol,
      ...(nodePort ? { nodePort } : {}),
    },
  ]
}

/** A number, a name, or absent: then the Service's own port. */
function readTarget(fields: Fields, port: number): number | string {
  const target = fields.raw('targetPort')
  if (typeof target === 'string' && target !== '') return target
  return fields.integer('targetPort', 0, 65_535) || port
}
