// `/proc/net/netlink`: how many messages the kernel could not deliver to a reader of its netlink sockets, whoever the reader is.
// The file shows the sockets of one network namespace, so a process' own view is taken (`/proc/PID/net`); a socket is told by its
// inode, for the `Pid` in the file is a port id.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface NetlinkSocket {
  /** 12 is netfilter: NFLOG and conntrack's events. */
  readonly protocol: number
  /** Not 0 when it is told of events. */
  readonly groups: number
  /** Bytes that wait in its buffer. */
  readonly waiting: number
  /** Messages that found no room, since it was opened. */
  readonly drops: number
  readonly inode: number
}

export const netfilterProtocol = 12

//   sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
const columns = { Eth: 1, Groups: 3, Rmem: 4, Drops: 8, Inode: 9 } as const

/** The sockets of the file; lines that are none, such as its head, are left out. */
export function parseNetlink(text: string): NetlinkSocket[] {
  return text.split('\n').flatMap(line => {
    const words = line.trim().split(/\s+/)
    const decimal = (column: number) =>
      /^\d+$/.test(words[column] ?? '') ? Number(words[column]) : Number.NaN
    const socket = {
      protocol: decimal(columns.Eth),
      groups: Number.parseInt(words[columns.Groups] ?? '', 16),
      waiting: decimal(columns.Rmem),
      drops: decimal(columns.Drops),
      inode: decimal(columns.Inode),
    }
    return Object.values(socket).some(Number.isNaN) ? [] : [socket]
  })
}

/** The netfilter sockets of a process; none where it has ended or may not be looked at. */
export function netfilterSocketsOf(pid: number, proc = '/proc'): NetlinkSocket[] {
  try {
    const folder = `${proc}/${pid}`
    const own = new Set(socketInodes(`${folder}/fd`))
    return parseNetlink(readFileSync(`${folder}/net/netlink`, 'latin1')).filter(
      ({ protocol, inode }) => protocol === netfilterProtocol && own.has(inode),
    )
  } catch {
    // It ended while it was looked at, or its files are another user's: nobody can know.
    return []
  }
}

function socketInodes(folder: string): number[] {
  return readdirSync(folder).flatMap(name => {
    const inode = /^socket:\[(\d+)\]$/.exec(readLink(`${folder}/${name}`))
    return inode ? [Number(inode[1])] : []
  })
}

/** What a descriptor is; nothing where it has just been closed. */
function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Ids of the processes whose program has one of these names, as `/proc/PID/comm` has it (15 characters at most). */
export function processesNamed(names: readonly string[], proc = '/proc'): number[] {
  return namesIn(proc)
    .filter(name => /^\d+$/.test(name) && names.includes(commandOf(`${proc}/${name}`)))
    .map(Number)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // not mounted: then no process can be seen
  }
}

function commandOf(folder: string): string {
  try {
    return readFileSync(`${folder}/comm`, 'latin1').trimEnd()
  } catch {
    return '' // it has ended
  }
}
