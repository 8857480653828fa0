// `why --agent URL`: the agent answers, here its answer is laid out for this terminal.

import { layout } from '../forensics/explain-layout.ts'
import type { Explanation } from '../forensics/explanation.ts'
import { withoutControl } from '../forensics/printable.ts'
import { UsageError, WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { askJson, readAgentUrl } from './remote.ts'
import { queryCommand } from './why-commands.ts'
import { readAt, readPort, readProtocol, type WhyCall } from './why-options.ts'

export async function whyFromAgent(
  from: string,
  to: string,
  call: WhyCall & { readonly agent: string },
  io: Io,
): Promise<void> {
  const agent = readAgentUrl(call.agent)
  const { port, protocol, at } = checked(call)
  const parameters = new URLSearchParams({
    from,
    to,
    ...(port !== undefined && { port }),
    ...(protocol !== undefined && { protocol }),
    ...(at !== undefined && { at }),
  })
  const value = await askJson({ agent, path: '/api/v1/why', parameters, signal: io.signal })
  const { explanation, ...answer } = answerOf(value, agent)
  if (call.output === 'json') return io.stdout(`${JSON.stringify(answer)}\n`)
  const more = {
    text: 'The records of these two:',
    command: queryCommand(from, to, { ...call, place: ['--agent', call.agent] }),
  }
  await io.stdout(
    layout({ ...explanation, more }, { width: io.columns ?? 100, isColoured: io.isColoured === true }),
  )
}

/** @throws UsageError before anybody is asked. */
function checked(call: WhyCall): WhyCall {
  const { node, port, protocol, at } = call
  if (node !== undefined)
    throw new UsageError('Cannot use --node with --agent: an agent answers from what it knows')
  readPort(port, readProtocol(protocol))
  readAt(at)
  return call
}

interface RemoteAnswer {
  readonly explanation: Explanation
}

/** Whoever answers, nothing in it acts on a terminal. @throws WorkError where it is no answer. */
function answerOf(value: unknown, agent: URL): RemoteAnswer {
  const { explanation } = (value ?? {}) as Partial<RemoteAnswer>
  if (!isExplanation(explanation))
    throw new WorkError(`Cannot query "${agent.href}": its answer explains nothing, is it a culprit agent`)
  const clean = (text: unknown): unknown =>
    typeof text === 'string'
      ? withoutControl(text)
      : Array.isArray(text)
        ? text.map(clean)
        : typeof text === 'object' && text !== null
          ? Object.fromEntries(Object.entries(text).map(([key, each]) => [key, clean(each)]))
          : text
  return { ...(value as object), explanation: clean(explanation) as Explanation }
}

function isExplanation(value: unknown): value is Explanation {
  const { word, connection, sentences, quotes, proposals } = (value ?? {}) as Partial<Explanation>
  return (
    typeof word === 'string' &&
    typeof connection === 'string' &&
    [sentences, quotes, proposals].every(Array.isArray)
  )
}
