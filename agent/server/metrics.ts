// `/metrics`. However many ask at once, one answer is made for all who want it in one form.

import type { Handler } from './listener.ts'
import { answerText } from './respond.ts'
import type { Routes } from './routes.ts'

export function serveMetrics({ metrics }: Pick<Routes, 'metrics'>): Handler {
  const running = new Map<string, ReturnType<Routes['metrics']>>()

  function render(accept: string): ReturnType<Routes['metrics']> {
    const answer = running.get(accept) ?? metrics(accept).finally(() => running.delete(accept))
    running.set(accept, answer)
    return answer
  }

  return async ({ headers }, response) => {
    const { contentType, body } = await render(headers.accept ?? '')
    answerText(response, 200, body, { 'content-type': contentType })
  }
}
