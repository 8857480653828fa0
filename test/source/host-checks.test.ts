import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import {
  conntrackCountersOff,
  conntrackEventsOff,
  conntrackMissing,
  fileUnreadable,
  kernelLogRestricted,
  kmsgUnreadable,
  namespaceLogsOff,
} from '../../agent/source/host-checks.ts'

/** A `/proc` that has these files. */
function procWith(folder: string, files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), `${text}\n`)
  }
  return folder
}

t.test(
  'a switch that is off is one sentence that says what to set; a kernel without it says nothing',
  async t => {
    const table: [check: (proc: string) => string | undefined, setting: string, off: string, on: string[]][] =
      [
        [namespaceLogsOff, 'nf_log_all_netns', '0', ['1']],
        [conntrackEventsOff, 'nf_conntrack_events', '0', ['1', '2']],
        [conntrackCountersOff, 'nf_conntrack_acct', '0', ['1']],
      ]
    for (const [check, setting, off, on] of table) {
      const file = `sys/net/netfilter/${setting}`
      t.match(check(procWith(t.testdir(), { [file]: off })), new RegExp(`set net.netfilter.${setting}=1`))
      for (const value of on) t.equal(check(procWith(t.testdir(), { [file]: value })), undefined)
      t.equal(check(t.testdir()), undefined)
    }
  },
)

t.test('the kernel log is restricted for those without CAP_SYSLOG', async t => {
  const restricted = 'The kernel log is restricted: grant CAP_SYSLOG (or set kernel.dmesg_restrict=0)'
  const table: [restrict: string | undefined, capabilities: string | undefined, said: string | undefined][] =
    [
      ['1', '00000000a80425fb', restricted],
      ['1', '0000000400000000', undefined],
      ['1', '000001ffffffffff', undefined],
      ['0', '0000000000000000', undefined],
      [undefined, '0000000000000000', undefined],
      ['1', undefined, undefined],
    ]
  for (const [restrict, capabilities, said] of table) {
    const proc = procWith(t.testdir(), {
      ...(restrict !== undefined && { 'sys/kernel/dmesg_restrict': restrict }),
      ...(capabilities !== undefined && {
        'self/status': `Name:\tnode\nCapPrm:\t0\nCapEff:\t${capabilities}`,
      }),
    })
    t.equal(kernelLogRestricted(proc), said, `${restrict} ${capabilities}`)
  }
})

t.test('what cannot be read or run is said with what would help', async t => {
  const folder = t.testdir({ log: 'x', conntrack: '#!/bin/sh\n' })
  t.match(kmsgUnreadable(join(folder, 'kmsg')), /kmsg": it is not there; mount the host's/)
  t.equal(kmsgUnreadable(join(folder, 'log')), undefined)
  t.equal(fileUnreadable(join(folder, 'log')), undefined)
  t.match(fileUnreadable(join(folder, 'other')), /^Cannot read ".*other": ENOENT/)
  t.match(
    conntrackMissing('conntrack', [folder]),
    /^Cannot follow connections with "conntrack": it is not installed here; install conntrack-tools/,
    'a file that cannot be executed is no program',
  )
  chmodSync(join(folder, 'conntrack'), 0o755)
  t.equal(conntrackMissing('conntrack', ['/nowhere', folder]), undefined)
  t.equal(conntrackMissing(join(folder, 'conntrack'), []), undefined)
})
