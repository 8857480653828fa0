// `/dev/kmsg`, a record at a time and without waiting. What a reader is too slow for is overwritten; the numbers of the records
// that follow tell how many that were.

import { closeSync, constants, openSync, readSync } from 'node:fs'

export interface KmsgDevice {
  /** Reads one record into the buffer; its length. @throws as the system does: EAGAIN where there is none now. */
  read(buffer: Buffer): number
  close(): void
}

/** No record is longer (PRINTK_MESSAGE_MAX). */
export const longestRecord = 8192

/** @throws when it is not there or may not be read. */
export function openKmsgDevice(path: string): KmsgDevice {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return {
    read: buffer => readSync(fd, buffer, 0, longestRecord, null),
    close: () => closeSync(fd),
  }
}

/** The length of the next record, 0 where there is none now; records that were overwritten are passed over. */
export function readRecord(device: KmsgDevice, buffer: Buffer): number {
  for (;;) {
    try {
      return device.read(buffer)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') return 0
      // EPIPE says that the next record was overwritten; the following read goes on behind the gap.
      if (code !== 'EPIPE') throw error
    }
  }
}

/** Why it cannot be read and what would help, as a sentence without a full stop. */
export function kmsgTrouble(path: string, error: NodeJS.ErrnoException): string {
  return `Cannot read "${path}": ${reasonOf(error)}`
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return 'not permitted; grant CAP_SYSLOG (or set kernel.dmesg_restrict=0), and let a container use the device (privileged: true)'
    case 'ENOENT':
      return "it is not there; mount the host's /dev/kmsg into the container"
    default:
      return message
  }
}
