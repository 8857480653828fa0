// ulogd2 in the node's namespace: what NFLOG sends to two groups becomes two files, text and JSON.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace } from '../../agent/quickstart/node.ts'
import { environment, hasProgram } from '../../agent/quickstart/programs.ts'

export const groups = { logemu: 5, json: 6 } as const

export interface Ulogd extends AsyncDisposable {
  readonly child: ChildProcess
  readonly text: string
  readonly json: string
}

/** Where Debian puts the plugins: its folder is named after the machine. */
function pluginFolder(): string | undefined {
  const folders = readdirSync('/usr/lib').map(name => `/usr/lib/${name}/ulogd`)
  return [...folders, '/usr/lib/ulogd'].find(folder => existsSync(join(folder, 'ulogd_output_JSON.so')))
}

/** Undefined where ulogd2 can run here, else the end of a sentence. Fails where CI demands it. */
export function whyNoUlogd(): string | undefined {
  if (hasProgram('ulogd') && pluginFolder() !== undefined) return undefined
  const why = 'ulogd or its JSON output not found (apt-get install ulogd2 ulogd2-json)'
  if (env.CULPRIT_REQUIRE_SANDBOX === '1') throw new Error(`CULPRIT_REQUIRE_SANDBOX=1, but ${why}`)
  console.error(`SKIPPED: ${why}`)
  return why
}

/** Ready when it resolves. `bufferBytes` is what the kernel holds for it while it is busy. */
export async function openUlogd(namespace: string, dir: string, bufferBytes = 16 << 20): Promise<Ulogd> {
  const at = { config: join(dir, 'ulogd.conf'), log: join(dir, 'ulogd.log') }
  const files = { text: join(dir, 'syslogemu.log'), json: join(dir, 'ulogd.json') }
  writeFileSync(at.config, configOf({ ...files, log: at.log, bufferBytes }))
  const child = spawn('ip', inNamespace(namespace, ['ulogd', '-c', at.config]), {
    env: environment,
    stdio: 'ignore',
  })
  const closed = once(child, 'close')
  await untilReady(child, at.log)
  return {
    child,
    ...files,
    async [Symbol.asyncDispose]() {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await closed
    },
  }
}

async function untilReady({ exitCode }: ChildProcess, log: string): Promise<void> {
  for (const end = Date.now() + 10_000; ; await sleep(20)) {
    const said = existsSync(log) ? readFileSync(log, 'latin1') : ''
    if (said.includes('entering main loop')) return
    if (exitCode !== null || Date.now() > end) throw new Error(`Cannot start ulogd: ${said}`)
  }
}

interface Settings {
  readonly text: string
  readonly json: string
  readonly log: string
  readonly bufferBytes: number
}

// Each packet at once (qthreshold), each line at once (sync), and numbers that tell what was lost (seq_local).
function configOf({ text, json, log, bufferBytes }: Settings): string {
  const plugins = [
    'inppkt_NFLOG',
    'raw2packet_BASE',
    'filter_IFINDEX',
    'filter_IP2STR',
    'filter_PRINTPKT',
    'filter_HWHDR',
    'output_LOGEMU',
    'output_JSON',
  ]
  const input = (name: string, group: number): string => `[${name}]
group=${group}
seq_local=1
netlink_qthreshold=1
netlink_socket_buffer_size=${bufferBytes}
netlink_socket_buffer_maxsize=${bufferBytes}
`
  return `[global]
logfile="${log}"
loglevel=3
${plugins.map(name => `plugin="${pluginFolder()}/ulogd_${name}.so"`).join('\n')}
stack=in1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU
stack=in2:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,mac1:HWHDR,json1:JSON
${input('in1', groups.logemu)}${input('in2', groups.json)}[emu1]
file="${text}"
sync=1
[json1]
file="${json}"
sync=1
`
}
