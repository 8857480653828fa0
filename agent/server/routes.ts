// What the server asks of the agent: one function for each thing that it serves.

/** Where a long answer goes; the client sees it grow. */
export interface TextStream {
  /** Sends status 200 and the headers: from here on an error can only cut the answer short. */
  start(): void
  /** Resolves when more may be written. @throws where the client has gone, or takes nothing for too long. */
  write(text: string): Promise<void>
  /** Aborts when the client goes away, and when the server closes. */
  readonly signal: AbortSignal
}

export interface Readiness {
  readonly ready: boolean
  /** One sentence for each reason; also what a ready agent goes without. */
  readonly lines: readonly string[]
}

/** `notes`: what a person should know of the answer, one sentence each. @throws RequestError before `start`. */
export type RecordsRoute = (
  parameters: URLSearchParams,
  stream: TextStream,
) => Promise<{ readonly notes: readonly string[] }>

/** An answer as plain JSON. @throws RequestError */
export type WhyRoute = (parameters: URLSearchParams, signal: AbortSignal) => Promise<object>

export interface Routes {
  /** `accept` is the request's header. */
  metrics(accept?: string): Promise<{ readonly contentType: string; readonly body: string | Uint8Array }>
  readiness(): Readiness
  /** Undefined where no records are kept. */
  readonly records: RecordsRoute | undefined
  readonly why: WhyRoute | undefined
}
