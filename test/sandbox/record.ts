// Makes the quickstart's recording anew: `npm run record`. Takes root and as long as the recording is to be.

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { policyToEdit } from '../../agent/quickstart/edit.ts'
import { manifestsOf } from '../../agent/quickstart/index.ts'
import { openLive, untilEditMs, untilRevertMs } from '../../agent/quickstart/live.ts'
import { createRecorder } from '../../agent/quickstart/recording.ts'
import { whyNoNode } from '../../agent/quickstart/requirements.ts'
import { readShop } from '../../agent/quickstart/shop.ts'

const rounds = 3
/** Ends with the policy as it began, and with time to see that. */
const lengthMs = rounds * (untilEditMs + untilRevertMs) + 6_000

const why = await whyNoNode()
if (why !== undefined) throw new Error(`Cannot record: ${why}`)
const shop = readShop(manifestsOf())
const recorder = createRecorder({ at: new Date().toISOString(), type: 'ADDED', object: policyToEdit(shop) })
let bootTime = 0
{
  await using node = await openLive({ shop, id: 'demo' }, recorder.add, event => {
    if (event.kind === 'watch') recorder.edited({ at: event.at, type: event.type, object: event.object })
    else console.error(event.kind === 'notice' ? event.text : event)
  })
  bootTime = node.bootTime
  await sleep(lengthMs)
}
const folder = fileURLToPath(new URL('../../deploy/quickstart/recording/', import.meta.url))
console.error(`${recorder.write(folder, bootTime, shop.node.name)} bytes written to ${folder}`)
