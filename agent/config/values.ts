// The kinds of values that several settings share. A value that is out of bounds is told what would be right.

import * as z from 'zod'
import { parseListen } from './listen.ts'

export const text = z.string().min(1, { error: 'it is empty' })

export const verdictWord = z.enum(['allowed', 'denied', 'rejected', 'audited', 'none'])

interface Bounds {
  readonly min: number
  readonly max: number
  readonly unit: string
}

/** A whole number of a unit. */
export function whole({ min, max, unit }: Bounds) {
  const error = `it is a whole number of ${unit} from ${min} to ${max}`
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error })
}

/** Also a part of one. */
export function share({ min, max, unit }: Bounds) {
  const error = `it is a number of ${unit} from ${min} to ${max}`
  return z.number({ error }).min(min, { error }).max(max, { error })
}

/** One of some words; as JSON Schema an enum. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, { error: `it can be ${words.join(', ')}` })
}

const HOST_AND_PORT = 'it is no address to listen on, as in 0.0.0.0:9464 or [::]:9464'

export const listenAddress = text.refine(value => parseListen(value) !== undefined, { error: HOST_AND_PORT })

export const prefixes = z.record(text, verdictWord)

export const PREFIXES_MEANING =
  'What a LOG prefix means, beyond what known CNIs write: `{ "DROP": denied }`. A line\'s own prefix has to begin with it, without blanks around; the first that fits counts.'
