// Where a server listens, as an operator writes it.

export interface Listen {
  /** Without brackets; empty means every address. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** `0.0.0.0:9464`, `[::]:9464`, `localhost:9464` or `:9464`; undefined for anything else. */
export function parseListen(text: string): Listen | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  return port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? '', port }
}
