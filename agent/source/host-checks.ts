// What a host has switched off that evidence depends on: one actionable sentence each, without a full stop, or undefined where all
// is well or cannot be told. `proc` is where the host's /proc is mounted. Settings of `net` are shown as the reader's own network
// namespace has them, whichever mount they are read through, so these are the host's for an agent in the host's network.

import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'
import { isInstalled, missingAdvice } from './child-program.ts'
import { kmsgTrouble } from './kmsg-device.ts'

/** LOG of other network namespaces than the first is silent; matters where a CNI's rules stand in the pods' namespaces. */
export function namespaceLogsOff(proc = '/proc'): string | undefined {
  return setting(proc, 'net/netfilter/nf_log_all_netns') === '0'
    ? "LOG rules in pods' network namespaces write nothing: set net.netfilter.nf_log_all_netns=1 on the host"
    : undefined
}

export function conntrackEventsOff(proc = '/proc'): string | undefined {
  return setting(proc, 'net/netfilter/nf_conntrack_events') === '0'
    ? 'The kernel tells nobody about connections: set net.netfilter.nf_conntrack_events=1'
    : undefined
}

export function conntrackCountersOff(proc = '/proc'): string | undefined {
  return setting(proc, 'net/netfilter/nf_conntrack_acct') === '0'
    ? 'Allowed connections have no byte counts: set net.netfilter.nf_conntrack_acct=1'
    : undefined
}

const CAP_SYSLOG = 34n

/** The kernel log is for those with CAP_SYSLOG only, and this process has it not. */
export function kernelLogRestricted(proc = '/proc'): string | undefined {
  if (setting(proc, 'kernel/dmesg_restrict') !== '1' || hasCapability(proc, CAP_SYSLOG)) return undefined
  return 'The kernel log is restricted: grant CAP_SYSLOG (or set kernel.dmesg_restrict=0)'
}

export function kmsgUnreadable(path = '/dev/kmsg'): string | undefined {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
    return undefined
  } catch (error) {
    return kmsgTrouble(path, error as NodeJS.ErrnoException)
  }
}

/** `folders` are those of programs, the PATH and the administrators' by default. */
export function conntrackMissing(program = 'conntrack', folders?: readonly string[]): string | undefined {
  if (isInstalled(program, folders)) return undefined
  return `Cannot follow connections with "${program}": ${missingAdvice(program)}`
}

export function fileUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isDenied = code === 'EACCES' || code === 'EPERM'
    return `Cannot read "${path}": ${isDenied ? 'not permitted; run as root or in its group (often adm)' : message}`
  }
}

/** Undefined where the kernel has no such setting, or not in this namespace. */
function setting(proc: string, name: string): string | undefined {
  try {
    return readFileSync(`${proc}/sys/${name}`, 'latin1').trim()
  } catch {
    return undefined // then nothing can be said about it
  }
}

function hasCapability(proc: string, capability: bigint): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync(`${proc}/self/status`, 'latin1'))
    return effective !== null && ((BigInt(`0x${effective[1]}`) >> capability) & 1n) === 1n
  } catch {
    return true // nobody is accused without proof: reading will tell
  }
}
