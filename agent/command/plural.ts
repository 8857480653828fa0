// Counts in sentences.

/** `1 line`, `2 lines` */
export function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
