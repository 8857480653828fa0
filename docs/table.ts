// Tables of generated pages.

/** Columns as wide as their widest cell, as the formatter has them. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const [header, ...body] = rows
  const widths = header!.map((_, i) => Math.max(3, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [line(header!), line(widths.map(width => '-'.repeat(width))), ...body.map(line)]
}
