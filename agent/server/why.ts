// `/api/v1/why`: the answer of `culprit why` as JSON, its text included.

import type { Handler } from './listener.ts'
import { NO_RECORDS } from './records.ts'
import { answerRequestError, answerText } from './respond.ts'
import type { Routes } from './routes.ts'

export function serveWhy({ why }: Pick<Routes, 'why'>): Handler {
  return async (_request, response, { searchParams }) => {
    if (why === undefined) return answerText(response, 404, NO_RECORDS)
    const gone = new AbortController()
    response.once('close', () => gone.abort('the client has gone'))
    try {
      const answer = JSON.stringify(await why(searchParams, gone.signal))
      answerText(response, 200, answer, { 'content-type': 'application/json' })
    } catch (error) {
      if (!gone.signal.aborted && answerRequestError(response, error) === undefined) throw error
    }
  }
}
