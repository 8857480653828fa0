// What a generated log holds, told apart from how it is written: the oracle judges these, the program reads the lines.

export type Source = 'netfilter-log' | 'conntrack' | 'hubble'
export type Transport = 'TCP' | 'UDP' | 'SCTP' | 'ICMP'

/** One connection attempt (or one packet of it) as a log shows it, from initiator to responder. */
export interface Seen {
  readonly source: Source
  /** Where its lines stand in the file. */
  readonly offsets: readonly number[]
  /** Milliseconds since 1970 of its first line. */
  readonly at: number
  /** `none`: the log does not say, and no record is due. */
  readonly verdict: 'allowed' | 'denied' | 'rejected' | 'audited' | 'unanswered' | 'none'
  /** After NAT: the pods' own addresses, and the target port. */
  readonly from: string
  readonly to: string
  readonly transport: Transport
  /** null where the protocol has none, undefined where the line does not print it. */
  readonly port: number | null | undefined
  /** The direction the line itself claims. */
  readonly dir?: 'egress' | 'ingress'
  /** A trace: the packet is seen somewhere between the two pods. */
  readonly isOnItsWay?: boolean
  /** The line's own word that no NetworkPolicy did it. */
  readonly cause?: 'not-a-policy' | 'other-policy'
  readonly nat?: { readonly dst?: string; readonly src?: string }
  readonly svc?: string
  /** Policies that the CNI names. */
  readonly reported?: readonly string[]
  readonly bytes?: number
  /** The log holds the connection's first packet. */
  readonly isBegun: boolean
  /** The lines, for a person who reads a difference. */
  readonly lines: readonly string[]
}

export interface Log {
  readonly source: Source
  readonly text: string
  readonly seen: readonly Seen[]
  readonly foreign: number
  readonly malformed: number
}

/** Collects the lines of one log and knows where each begins. */
export interface Writer {
  readonly offset: () => number
  readonly write: (line: string) => void
  readonly text: () => string
}

export function createWriter(): Writer {
  let text = ''
  return {
    offset: () => Buffer.byteLength(text),
    write: line => {
      text += `${line}\n`
    },
    text: () => text,
  }
}
