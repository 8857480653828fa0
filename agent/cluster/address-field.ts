// Addresses in manifests, in any valid spelling, as canonical text.

import { type Address, formatAddress, formatCidr, parseAddress, parseCidr } from '../address.ts'
import type { Fields } from './field.ts'

/** The address under a key as a list of one; empty where it is absent or wrong. */
export function addressField(fields: Fields, key: string): readonly string[] {
  const text = fields.string(key)
  if (text === undefined || text === '') return []
  const address = parseAddress(text)
  if (address !== undefined) return [canonical(text, address)]
  fields.report([key], `${JSON.stringify(text)} is not an IP address`)
  return []
}

/** A list of addresses as plain strings; `other` is a word that stands for none (`None`). */
export function addressList(fields: Fields, key: string, other?: string): readonly string[] {
  return fields.strings(key).flatMap((text, i) => {
    if (text === '' || text === other) return []
    const address = parseAddress(text)
    if (address !== undefined) return [canonical(text, address)]
    fields.report([key, i], `${JSON.stringify(text)} is not an IP address`)
    return []
  })
}

/** The text itself where it is canonical: one that is put together takes twice the memory. */
function canonical(text: string, address: Address): string {
  const formatted = formatAddress(address)
  return formatted === text ? text : formatted
}

export function cidrList(fields: Fields, key: string): readonly string[] {
  return fields.strings(key).flatMap((text, i) => {
    const cidr = parseCidr(text)
    if (cidr !== undefined) return [formatCidr(cidr)]
    fields.report([key, i], notCidr(text))
    return []
  })
}

export function cidrField(fields: Fields, key: string): readonly string[] {
  const text = fields.string(key)
  if (text === undefined || text === '') return []
  const cidr = parseCidr(text)
  if (cidr !== undefined) return [formatCidr(cidr)]
  fields.report([key], notCidr(text))
  return []
}

function notCidr(text: string): string {
  return `${JSON.stringify(text)} is not a CIDR (10.244.1.0/24)`
}

/** The plural field first, then the singular one, each address once. */
export function distinct(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())]
}
