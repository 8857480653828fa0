// How much of the agent anybody may take up by talking to it. Tests make them small.

export interface ServerLimits {
  /** Connections of one listener; beyond it the one that is idle for longest gives way. */
  readonly connections: number
  /** Of a request: until its headers are there, and until all of it is. */
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly headerBytes: number
  /** An idle connection is closed after it. */
  readonly keepAliveMs: number
  /** A client that takes nothing of its answer for so long is cut. */
  readonly slowClientMs: number
  /** Answers that are under way when the server closes may take so long. */
  readonly closeMs: number
}

export const defaultServerLimits: ServerLimits = {
  connections: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  // A bearer token of a service account is one to two thousand.
  headerBytes: 16 * 1024,
  keepAliveMs: 30_000,
  slowClientMs: 30_000,
  closeMs: 2_000,
}
