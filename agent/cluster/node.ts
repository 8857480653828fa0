// A Node: its addresses are the "own node" of its pods (S47), its podCIDRs say where unknown pods may be.

import { formatAddress, parseAddress } from '../address.ts'
import type { Node } from '../policy/objects.ts'
import type { Observed } from '../timeline/index.ts'
import { addressField, cidrField, cidrList, distinct } from './address-field.ts'
import type { Fields } from './field.ts'
import { type Meta, readMeta, readStamp } from './meta.ts'

/**
 * Further addresses of the node that CNIs write on its object: what kubelet probes and tunnelled packets come from (S47).
 * Calico: libcalico-go/lib/backend/k8s/resources/node.go; Cilium: pkg/annotation/k8s.go.
 */
const addressAnnotations = [
  'projectcalico.org/IPv4Address',
  'projectcalico.org/IPv4IPIPTunnelAddr',
  'projectcalico.org/IPv4VXLANTunnelAddr',
  'projectcalico.org/IPv6Address',
  'projectcalico.org/IPv6VXLANTunnelAddr',
  'network.cilium.io/ipv4-cilium-host',
  'network.cilium.io/ipv6-cilium-host',
]

export function readNode(object: Fields): Observed {
  const meta = readMeta(object)
  const spec = object.fields('spec')
  const node: Node = {
    name: meta.name,
    labels: meta.labels,
    addresses: distinct(...object.fields('status').each('addresses').map(readAddress), annotated(meta)),
    podCIDRs: distinct(cidrList(spec, 'podCIDRs'), cidrField(spec, 'podCIDR')),
  }
  return {
    kind: 'Node',
    api: 'Node',
    id: meta.name,
    name: meta.name,
    object: node,
    stamp: readStamp(meta.fields, 'labels'),
  }
}

/** Of type InternalIP and ExternalIP; host names stand in the same list. */
function readAddress(fields: Fields): readonly string[] {
  return fields.string('type')?.endsWith('IP') === false ? [] : addressField(fields, 'address')
}

function annotated(meta: Meta): readonly string[] {
  const annotations = meta.fields.fields('annotations')
  return addressAnnotations.flatMap(key => {
    const text = annotations.raw(key)
    const address = typeof text === 'string' ? parseAddress(text.replace(/\/\d+$/, '')) : undefined
    return address === undefined ? [] : [formatAddress(address)]
  })
}
