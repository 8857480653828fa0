// `/healthz`: that it answers at all says that the event loop turns. It never depends on the API server or on any source: restarting
// this process would mend neither.

import type { Handler } from './listener.ts'
import { answerText } from './respond.ts'

export const serveHealthz: Handler = (_request, response) => answerText(response, 200, 'ok')
