// How many cases a random test takes: few at every `npm test`, many in `npm run test:deep`, which CI runs as well.

export const isDeep = process.env.DEEP === '1'

/** `variable` of the environment asks for another number, by hand. */
export function casesOf(few: number, many: number, variable?: string): number {
  const asked = variable === undefined ? undefined : process.env[variable]
  return asked === undefined ? (isDeep ? many : few) : Number(asked)
}
