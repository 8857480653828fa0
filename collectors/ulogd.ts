// ulogd: what ulogd2 writes of NFLOG packets and of connections (NFCT), as text like the kernel's (LOGEMU, SYSLOG) or as JSON.
//
//   Nov 24 17:07:56 worker-3 np-drop IN=vclient OUT=vserver MAC=… SRC=… DST=… LEN=60 TOS=00 … PROTO=TCP SPT=… DPT=… SEQ=… … MARK=0x0
//   Nov 24 17:07:56 worker-3 [DESTROY] ORIG: SRC=… DST=… PROTO=TCP SPT=… DPT=… PKTS=5 BYTES=268 , REPLY: SRC=… …
//   {"timestamp": "2026-11-24T17:07:56.493594", "dvc": "Netfilter", …, "oob.prefix": "np-drop", …, "src_ip": "10.244.1.11", …}
//
// The verdict is what the prefix means (log-prefix.ts), or for JSON what `boolean_label` says; connections have none of their own.

import { createCalicoPrefixes } from './calico-nflog.ts'
import type { Collector, CollectorOptions, Format } from './collector.ts'
import { resetFlow } from './flow.ts'
import { OPEN_BRACE } from './json.ts'
import { createKubeRouterDrops, type KubeRouterDrops } from './kube-router.ts'
import { createJsonReader } from './ulogd-json.ts'
import { createTextReader } from './ulogd-text.ts'

function createUlogd(options: CollectorOptions): Collector {
  const drops = createPrefixes()
  const readJson = createJsonReader(options, drops)
  const readText = createTextReader(options, drops)
  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      if (end > start && bytes[end - 1] === 13) end--
      return bytes[start] === OPEN_BRACE
        ? readJson(bytes, start, end, flow)
        : readText(bytes, start, end, flow)
    },
  }
}

/** What CNIs say in the prefix, beside what the prefix is known to mean. */
function createPrefixes(): KubeRouterDrops {
  const kubeRouter = createKubeRouterDrops()
  const calico = createCalicoPrefixes()
  return {
    observe(flow, bytes, start, end) {
      calico.observe(flow, bytes, start, end)
      kubeRouter.observe(flow, bytes, start, end)
    },
  }
}

export const ulogd: Format = {
  name: 'ulogd',
  ownHeader: true,
  claims: ['none', 'allowed', 'denied', 'rejected'],
  marker:
    '`IN=` and ` OUT=`, or `ORIG: SRC=`, behind a stamp and a host that `kernel:` does not follow; or a JSON object with `oob.family`',
  create: createUlogd,
}
