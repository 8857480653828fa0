// Lines as a node writes them now, of pods that the bench's cluster has: connections, three lines of about 200 bytes each, and denials.

/** Addresses of both ends of connection or denial number `serial`. */
export type Ends = (serial: number) => readonly [string, string]

const CLIENTS = 40

/** Between the clients of test/faults/node.ts. */
export const betweenClients: Ends = serial => [
  `10.0.1.${(serial % CLIENTS) + 1}`,
  `10.0.1.${((serial * 3 + 1) % CLIENTS) + 1}`,
]

/** Connections that are open at a time: each step of one comes so many connections after the one before. */
const APART = 2000
const steps = ['    [NEW]', ' [UPDATE]', '[DESTROY]']

/** As of `conntrack -E -o timestamp,extended,id`: opened, answered and closed; line `serial` is of connection `serial / 3`, or of an earlier one. */
export function connectionLine(serial: number, stamp: string, ends: Ends): string {
  const step = serial % 3
  const connection = Math.floor(serial / 3) - step * APART
  const [from, to] = ends(Math.abs(connection))
  const port = 1024 + (((connection % 60_000) + 60_000) % 60_000)
  const original = `src=${from} dst=${to} sport=${port} dport=8080`
  const reply = `src=${to} dst=${from} sport=8080 dport=${port}`
  const id = 3_000_000_000 + connection
  if (step === 0)
    return `[${stamp}]\t${steps[0]} ipv4     2 tcp      6 120 SYN_SENT ${original} [UNREPLIED] ${reply} id=${id}\n`
  if (step === 1)
    return `[${stamp}]\t${steps[1]} ipv4     2 tcp      6 432000 ESTABLISHED ${original} ${reply} [ASSURED] id=${id}\n`
  return `[${stamp}]\t${steps[2]} ipv4     2 tcp      6 ${original} packets=9 bytes=1472 ${reply} packets=7 bytes=5310 [ASSURED] id=${id}\n`
}

/** As in a kern.log with stamps of RFC 5424; `port` is the destination's. */
export function denialLine(
  serial: number,
  at: number,
  port: number,
  [from, to]: readonly [string, string],
): string {
  const stamp = new Date(at).toISOString().replace('Z', '000+00:00')
  return `${stamp} w1 kernel: np-drop shop/db-in IN=veth41c09d OUT=veth7be210 MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${from} DST=${to} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${serial % 65536} DF PROTO=TCP SPT=${1024 + (serial % 60000)} DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0 \n`
}
