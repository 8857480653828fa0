// kube-network-policies: what kube-network-policies and kindnet (the same engine) log with -v=2 of each packet that opens a
// connection: several records, joined by the packet's id, as klog text or as JSON.
//
//   I1124 17:10:54.153996   15831 controller.go:567] "Evaluating packet" srcPod="shop/client" dstPod="shop/server" packet=<
//   	[2] 10.244.1.11:34810 10.244.1.12:9999 TCP
//    >
//   I1124 17:10:54.154047   15831 controller.go:638] "Ingress NetworkPolicies" id=2 npolicies=1 allowed=false
//   I1124 17:10:54.154244   15831 controller.go:493] "Finished syncing packet" id=2 duration="270.351µs" verdict="drop"
//
// The flow is the record that has the verdict; those before it are notes. No policy is named, destinations are those behind a
// Service, and what is no TCP, UDP or SCTP has no protocol.

import type { Collector, CollectorOptions, Format } from './collector.ts'
import { resetFlow } from './flow.ts'
import { OPEN_BRACE } from './json.ts'
import { createKnpJson } from './knp-json.ts'
import { createKnpPackets } from './knp-packets.ts'
import { createKnpText } from './knp-text.ts'

function createKubeNetworkPolicies(options: CollectorOptions): Collector {
  const packets = createKnpPackets()
  const json = createKnpJson(packets)
  const text = createKnpText(packets, options)
  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      return bytes[start] === OPEN_BRACE ? json(bytes, start, end, flow) : text(bytes, start, end, flow)
    },
  }
}

export const kubeNetworkPolicies: Format = {
  name: 'kube-network-policies',
  claims: ['allowed', 'denied'],
  lacks: ['ICMP'],
  endsOpen: true,
  marker:
    'klog text behind `.go:LINE] `, or a JSON object, whose message is one of those about a packet, such as `Evaluating packet`',
  create: createKubeNetworkPolicies,
}
