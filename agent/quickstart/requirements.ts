// Can this machine be a node? The quickstart falls back to its recording where it cannot, and says in one line what is missing.

import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { getuid, platform } from 'node:process'
import { logSwitch } from './machine.ts'
import { randomId } from './node.ts'
import { hasProgram } from './programs.ts'
import { run } from './run.ts'

/** What is asked of the machine, so that a test can be another one. */
export interface Capabilities {
  isLinux(): boolean
  isRoot(): boolean
  hasProgram(name: string): boolean
  canReadKernelLog(): boolean
  canSwitchLogs(): boolean
  /** Undefined when it can; else the system's words. */
  whyNoNamespaces(): Promise<string | undefined>
}

/** Programs and the Debian packages that bring them; `ping` is welcome but not needed. */
const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['ip', 'iproute2'],
  ['nft', 'nftables'],
  ['conntrack', 'conntrack'],
  ['bash', 'bash'],
]

/** Undefined when a node can be built here, else why not, as the end of a sentence. */
export async function whyNoNode(can: Capabilities = thisMachine): Promise<string | undefined> {
  if (!can.isLinux()) return 'it takes Linux'
  const missing = programs.filter(([program]) => !can.hasProgram(program))
  if (missing.length > 0) {
    const names = missing.map(([program]) => program).join(', ')
    return `${names} not found (apt-get install ${missing.map(([, name]) => name).join(' ')})`
  }
  if (!can.isRoot()) return 'it takes root (sudo npm start)'
  if (!can.canReadKernelLog()) return '/dev/kmsg cannot be read here'
  if (!can.canSwitchLogs()) return `${logSwitch} cannot be written here (a container?)`
  const why = await can.whyNoNamespaces()
  return why === undefined ? undefined : `network namespaces cannot be made here: ${why}`
}

export const thisMachine: Capabilities = {
  isLinux: () => platform === 'linux',
  isRoot: () => getuid?.() === 0,
  hasProgram,
  canReadKernelLog: () =>
    isPermitted(() => closeSync(openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK))),
  canSwitchLogs: () => isPermitted(() => accessSync(logSwitch, constants.W_OK)),
  async whyNoNamespaces() {
    const name = `culprit-${randomId()}-check`
    const { code, stderr } = await run('ip', ['netns', 'add', name])
    await run('ip', ['netns', 'del', name])
    return code === 0 ? undefined : stderr.trim()
  },
}

function isPermitted(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}
