// `/readyz`: whether the agent does its work, and one line for each reason why not.

import type { Handler } from './listener.ts'
import { answerText } from './respond.ts'
import type { Routes } from './routes.ts'

export function serveReadyz({ readiness }: Pick<Routes, 'readiness'>): Handler {
  return (_request, response) => {
    const { ready, lines } = readiness()
    answerText(response, ready ? 200 : 503, [ready ? 'ready' : 'not ready', ...lines].join('\n'))
  }
}
