// `/api/v1/records`: what the record directory holds, as JSON lines, for as long as the client reads.

import type { Handler } from './listener.ts'
import { answerRequestError, answerText, endWithNotes, streamOf } from './respond.ts'
import type { Routes } from './routes.ts'

export function serveRecords({ records }: Pick<Routes, 'records'>): Handler {
  return async (request, response, { searchParams }) => {
    if (records === undefined) return answerText(response, 404, NO_RECORDS)
    if (request.method === 'HEAD')
      return answerText(response, 200, '', { 'content-type': 'application/jsonl' })
    const stream = streamOf(response, 'application/jsonl')
    try {
      endWithNotes(response, (await records(searchParams, stream)).notes)
    } catch (error) {
      // A client that has gone wants no answer, and its going is no fault.
      if (!stream.signal.aborted && answerRequestError(response, error) === undefined) throw error
    }
  }
}

export const NO_RECORDS =
  'Cannot answer: this agent keeps no records (records.directory in its configuration says where)'
