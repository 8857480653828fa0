// How many records of any kind the kernel's log has been given so far.

import { longestRecord, openKmsgDevice, readRecord } from '../../agent/source/kmsg-device.ts'

/** The number of the newest record; the log has at least one. */
export function newestKernelRecord(): number {
  const device = openKmsgDevice('/dev/kmsg')
  try {
    const buffer = Buffer.alloc(longestRecord)
    let newest = Number.NaN
    for (let length = readRecord(device, buffer); length > 0; length = readRecord(device, buffer))
      newest = Number(buffer.toString('latin1', 0, length).split(',', 2)[1])
    return newest
  } finally {
    device.close()
  }
}
