// The API machinery's rules for names, label keys, label values and port names (apimachinery `util/validation`).

const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_LABEL_ONLY = new RegExp(`^${DNS_LABEL}$`)
const DNS_SUBDOMAIN = new RegExp(`^${DNS_LABEL}(\\.${DNS_LABEL})*$`)

/** A label value: empty, or at most 63 characters of the qualified-name alphabet. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && QUALIFIED.test(text))
}

/** A label key: a qualified name of at most 63 characters with an optional DNS prefix. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/')
  if (slash >= 0 && !isDnsSubdomain(text.slice(0, slash))) return false
  const name = text.slice(slash + 1)
  return name.length <= 63 && QUALIFIED.test(name)
}

export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text)
}

export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && DNS_LABEL_ONLY.test(text)
}

/** What is wrong with a port name (`IsValidPortName`), each in the API server's words; empty for a valid one. */
export function portNameProblems(text: string): string[] {
  const problems: string[] = []
  if (text.length > 15) problems.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(text))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(text)) problems.push('must contain at least one letter (a-z)')
  if (text.includes('--')) problems.push('must not contain consecutive hyphens')
  if (/^-|-$/.test(text)) problems.push('must not begin or end with a hyphen')
  return problems
}
