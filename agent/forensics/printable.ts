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
    else result += escaped(code)
  }
  return result
}

/**
 * For sentences of our own that quote somebody: nothing is cut, letters of any language pass and lines stay lines, but a terminal
 * acts on nothing (C0 and C1 controls, DEL, and what changes the direction of writing).
 */
export function withoutControl(text: string): string {
  let result = ''
  for (const letter of text)
    result += isControl(letter.codePointAt(0)!) ? escaped(letter.codePointAt(0)!) : letter
  return result
}

function isControl(code: number): boolean {
  if (code < 32) return code !== 10
  return (
    (code >= 0x7f && code <= 0x9f) ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  )
}

function escaped(code: number): string {
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
