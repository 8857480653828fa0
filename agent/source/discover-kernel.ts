// The kernel's log, from the best place there is: loss can be counted in /dev/kmsg only, and a file is read only where neither it nor the
// journal can be. And connections, where `conntrack` may run.

import { join } from 'node:path'
import { missingAdvice } from './child-program.ts'
import type { Found, FoundSource } from './discover.ts'
import { kernelLogs } from './discover-cni.ts'
import { findLogs, isThere, type Place } from './discover-logs.ts'
import { kmsgTrouble } from './kmsg-device.ts'

export interface Host extends Place {
  readonly kmsg: string
  readonly procDirectory: string
  /** Whether a program can be run. */
  readonly has: (program: string) => boolean
}

export function discoverKernel(host: Host): Found {
  const trouble = kmsgProblem(host)
  if (trouble === undefined)
    return found({ kernel: 'kmsg', begin: 'start' }, `the kernel log in ${host.kmsg}`)
  const notFound = [`Loss of kernel messages cannot be counted: ${trouble}`]
  if (host.has('journalctl') && hasJournal(host))
    return { ...found({ kernel: 'journal', begin: 'start' }, 'the kernel log in the journal'), notFound }
  const { files, notes } = findLogs(host, kernelLogs)
  notFound.push(...notes)
  if (files.length > 0) {
    const text = `the kernel log in ${files.join(', ')}`
    return { ...found({ format: kernelLogs.format, files, begin: 'start' }, text), notFound }
  }
  const where = kernelLogs.paths.map(path => join(host.varDirectory, path)).join(', ')
  notFound.push(`No kernel log is to be read: neither the journal nor ${where} is there`)
  return { found: [], notFound }
}

function kmsgProblem({ disk, kmsg }: Host): string | undefined {
  try {
    const device = disk.open(kmsg)
    if (device === undefined) throw Object.assign(new Error('it is not there'), { code: 'ENOENT' })
    device.close()
    return undefined
  } catch (error) {
    return kmsgTrouble(kmsg, error as NodeJS.ErrnoException)
  }
}

function hasJournal(host: Host): boolean {
  return ['log/journal/*', 'run/log/journal/*'].some(path => isThere(host, path))
}

export function discoverConntrack(host: Host): Found {
  const trouble = conntrackProblem(host)
  if (trouble === undefined) return found({ conntrack: 'events' }, 'connections as conntrack tells of them')
  return {
    found: [],
    notFound: [`Allowed connections and connections without an answer are not seen: ${trouble}`],
  }
}

function conntrackProblem(host: Host): string | undefined {
  if (!host.has('conntrack')) return `Cannot run "conntrack": ${missingAdvice('conntrack')}`
  return mayAdministerNetwork(host) ? undefined : 'Cannot run "conntrack": it needs CAP_NET_ADMIN'
}

const CAP_NET_ADMIN = 12n

/** True where it cannot be told: running it will tell. */
function mayAdministerNetwork({ disk, procDirectory }: Host): boolean {
  try {
    const file = disk.open(join(procDirectory, 'self/status'))
    if (file === undefined) return true
    const buffer = Buffer.alloc(8192)
    const length = file.read(buffer, 0)
    file.close()
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(buffer.toString('latin1', 0, length))
    return effective === null || ((BigInt(`0x${effective[1]}`) >> CAP_NET_ADMIN) & 1n) === 1n
  } catch {
    return true // as above
  }
}

function found(source: FoundSource['source'], text: string): Found {
  return { found: [{ source, text }], notFound: [] }
}
