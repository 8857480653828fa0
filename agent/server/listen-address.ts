// `0.0.0.0:9464`, `[::]:9464`, `:9464`: where to listen, and how to say where it does.

import type { AddressInfo } from 'node:net'

export interface ListenAddress {
  /** Undefined: every address of the machine. */
  readonly host: string | undefined
  readonly port: number
}

/** Undefined where it is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return undefined
  const host = match[1] ?? match[2]
  return { host: host === '' ? undefined : host, port }
}

export function addressText({ address, port }: AddressInfo): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
