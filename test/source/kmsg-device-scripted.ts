// A kernel log that answers its reads as a list says, then has nothing more.

import type { KmsgDevice } from '../../agent/source/kmsg-device.ts'

/** A record's text, or the error that the system would give. */
export type Answer = string | { readonly code: string }

export interface ScriptedDevice extends KmsgDevice {
  readonly answers: Answer[]
  readonly isClosed: boolean
}

export const again: Answer = { code: 'EAGAIN' }
export const overwritten: Answer = { code: 'EPIPE' }

export function scriptedDevice(answers: Answer[]): ScriptedDevice {
  let isClosed = false
  return {
    answers,
    read(buffer) {
      const answer = answers.shift() ?? again
      if (typeof answer !== 'string') throw Object.assign(new Error(answer.code), answer)
      return buffer.write(answer, 'latin1')
    },
    close() {
      isClosed = true
    },
    get isClosed() {
      return isClosed
    },
  }
}

export const packet = 'np-drop a/b-in IN=b-x7k2 OUT=c-x7k2 MAC='

/** A record a second after the one before it. */
export function record(sequence: number, text = packet): string {
  return `4,${sequence},${sequence * 1_000_000},-;${text} \n`
}
