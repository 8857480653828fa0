// Connections that are allowed, three lines each, and denials between them, one line in ten, into two files at any rate; it remembers how many
// of each there were. One denial in ten is of a port scan: each of its ports is a record of its own.

import { closeSync, openSync, writeSync } from 'node:fs'

const clients = 40
const CONNECTIONS = 3
/** Lines of one turn: three connections and a denial. */
const TURN = 3 * CONNECTIONS + 1

export interface Flood {
  /** Lines a second from now on. */
  rate: number
  readonly connections: number
  readonly lines: number
  /** Denials by client. */
  readonly denied: ReadonlyMap<string, number>
  stop(): void
}

export function startFlood(files: { readonly connections: string; readonly denials: string }): Flood {
  const denied = new Map<string, number>()
  const connectionsFd = openSync(files.connections, 'a')
  const denialsFd = openSync(files.denials, 'a')
  let turns = 0
  let rate = 0
  let owed = 0
  let last = performance.now()

  function write(): void {
    const now = performance.now()
    owed += (rate / TURN) * ((now - last) / 1000)
    last = now
    // What a busy machine could not write in time is not made up for.
    const due = Math.min(Math.floor(owed), rate / 10)
    owed = Math.min(1, owed - due)
    const at = Date.now()
    let connections = ''
    let denials = ''
    for (let i = 0; i < due; i++, turns++) {
      for (let k = 0; k < CONNECTIONS; k++) connections += connectionLines(at, turns * CONNECTIONS + k)
      denials += denialLine(at, turns)
    }
    writeSync(connectionsFd, connections)
    writeSync(denialsFd, denials)
  }

  function denialLine(at: number, serial: number): string {
    const client = serial % clients
    const name = `c${client}`
    denied.set(name, (denied.get(name) ?? 0) + 1)
    const port = serial % 10 < 9 ? 80 : 1 + (serial % 65535)
    const stamp = new Date(at).toISOString().replace('Z', '000+00:00')
    return `${stamp} w1 kernel: np-drop shop/db-in IN=a OUT=b SRC=10.0.1.${client + 1} DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${serial % 65536} DF PROTO=TCP SPT=${1024 + (serial % 60000)} DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0 \n`
  }

  const timer = setInterval(write, 20)
  return {
    get rate() {
      return rate
    },
    set rate(lines) {
      rate = lines
    },
    get connections() {
      return turns * CONNECTIONS
    },
    get lines() {
      return turns * TURN
    },
    denied,
    stop() {
      clearInterval(timer)
      closeSync(connectionsFd)
      closeSync(denialsFd)
    },
  }
}

/** Opened, answered and closed: one flow. */
function connectionLines(at: number, serial: number): string {
  const stamp = `[${(at / 1000).toFixed(3)}${String(serial % 1000).padStart(3, '0')}]`
  const client = `10.0.1.${(serial % clients) + 1}`
  const port = 1024 + (serial % 60000)
  const tuple = `src=${client} dst=10.0.1.${((serial * 3 + 1) % clients) + 1} sport=${port} dport=8080`
  const reply = `src=10.0.1.${((serial * 3 + 1) % clients) + 1} dst=${client} sport=8080 dport=${port}`
  const id = 1 + (serial % 4_000_000_000)
  return `${stamp}\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT ${tuple} [UNREPLIED] ${reply} id=${id}
${stamp}\t [UPDATE] ipv4     2 tcp      6 60 SYN_RECV ${tuple} ${reply} id=${id}
${stamp}\t[DESTROY] ipv4     2 tcp      6 ${tuple} packets=5 bytes=300 ${reply} packets=4 bytes=240 [ASSURED] id=${id}
`
}
