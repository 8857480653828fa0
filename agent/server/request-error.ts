// What a route says when it cannot answer: the status and one sentence for whoever asked.

export class RequestError extends Error {
  override readonly name = 'RequestError'
  /** 400 for a wrong call, 404 where there is nothing of the kind, 503 where a later try may do. */
  readonly status: number
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    message: string,
    options: ErrorOptions & { readonly retryAfter?: number } = {},
  ) {
    super(message, options)
    this.status = status
    this.retryAfter = options.retryAfter
  }
}
