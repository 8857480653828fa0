// Whether the sandbox can be built here. Where not, its tests are skipped loudly, or fail where CI demands them.

import { env } from 'node:process'
import { whyNoNode } from '../../agent/quickstart/requirements.ts'

const why = await whyNoNode()
if (why !== undefined && env.CULPRIT_REQUIRE_SANDBOX === '1') {
  throw new Error(`CULPRIT_REQUIRE_SANDBOX=1, but this machine cannot be a node: ${why}`)
}
if (why !== undefined) console.error(`SKIPPED: the sandbox needs a real node: ${why}`)

/** Options for every test of the sandbox. */
export const sandbox = { skip: why ?? false, timeout: 60_000 } as const
