// An answer of `culprit why`, as it goes to standard output.

import { explain } from '../forensics/explain.ts'
import { layout } from '../forensics/explain-layout.ts'
import type { Told } from '../forensics/explanation.ts'
import type { Io } from './io.ts'
import { type Answer, answerJson } from './why-answer.ts'
import type { WhyCall } from './why-options.ts'

export async function printAnswer(
  { record }: Answer,
  told: Told,
  output: WhyCall['output'],
  io: Io,
): Promise<void> {
  await io.stdout(
    output === 'json'
      ? `${JSON.stringify(answerJson(record, told))}\n`
      : layout(explain(record, told), { width: io.columns ?? 100, isColoured: io.isColoured === true }),
  )
}
