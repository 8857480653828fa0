// Text that an attacker may have chosen (log prefixes, names in other people's lines) on its way to a person's terminal.

const MAX = 253

/**
 * The text with everything that could move a cursor, change a colour, hide or reorder letters written as an escape: only
 * printable ASCII passes; the rest becomes `\xNN` or `\u{NNNN}`, and a backslash doubles. At most `max` characters.
 */
export function printable(text: string, max = MAX): string {
  let result = ''
  for (const letter of text) {
    if (result.length >= max) return `${result}…`
    const code = letter.codePointAt(0)!
    if (code === 92) result += '\\\\'
    else if (code >= 32 && code < 127) result += letter
    else if (code < 256) result += `\\x${code.toString(16).padStart(2, '0')}`
    else result += `\\u{${code.toString(16)}}`
  }
  return result
}
