// A value of DuckDB's as JSON and as text: numbers stay numbers, times look as in records.

import type { DuckDBType, Json } from '@duckdb/node-api'

/** DuckDB hands 64 and 128 bit numbers over as text. */
const WIDE = /^U?(BIG|HUGE)INT$/

export function jsonOf(value: Json, type: DuckDBType): Json {
  if (Array.isArray(value))
    return 'valueType' in type ? value.map(each => jsonOf(each, type.valueType)) : value
  if (typeof value === 'object' && value !== null) return membersOf(value, type)
  if (typeof value !== 'string') return value
  if (type.alias === 'JSON') return parsed(value)
  const name = type.toString()
  if (WIDE.test(name)) return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (name === 'TIMESTAMP') return value.includes(' ') ? `${value.replace(' ', 'T')}Z` : value
  return value
}

function membersOf(value: { readonly [name: string]: Json }, type: DuckDBType): Json {
  if (!('entryNames' in type)) return value
  const types = new Map(type.entryNames.map((name, i) => [name, type.entryTypes[i]!]))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      types.has(name) ? jsonOf(each, types.get(name)!) : each,
    ]),
  )
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    // SQL can call any text JSON.
    return text
  }
}

export function cellOf(value: Json, type: DuckDBType): string {
  const json = jsonOf(value, type)
  if (json === null) return ''
  return typeof json === 'object' ? JSON.stringify(json) : String(json)
}
