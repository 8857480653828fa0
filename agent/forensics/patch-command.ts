// A patch as a command for a shell: what is copied from a terminal must mean exactly what is read there.

import type { FixEntry } from './record.ts'

const resources: Readonly<Record<string, string>> = {
  AdminNetworkPolicy: 'adminnetworkpolicy',
  BaselineAdminNetworkPolicy: 'baselineadminnetworkpolicy',
  ClusterNetworkPolicy: 'clusternetworkpolicy',
}

/** A name that the API server takes, and that no shell reads as anything else. */
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

/**
 * `kubectl patch ... --dry-run=server -o yaml`: the server checks the edit and shows the result, nothing is changed. Undefined where a name
 * is none that an API server would have taken.
 */
export function patchCommand(fix: Exclude<FixEntry, { readonly kind: 'none' }>): string | undefined {
  const object = objectOf(fix)
  if (object === undefined) return undefined
  return `kubectl patch ${object} --type=json -p ${quoted(JSON.stringify(fix.patch))} --dry-run=server -o yaml`
}

function objectOf({ kind, target }: Exclude<FixEntry, { readonly kind: 'none' }>): string | undefined {
  if (kind === 'namespace') return NAME.test(target) ? `namespace ${target}` : undefined
  const slash = target.indexOf('/')
  const [first, name] = [target.slice(0, slash), target.slice(slash + 1)]
  if (slash < 0 || !NAME.test(name)) return undefined
  const resource = kind === 'policy' ? resources[first] : undefined
  if (resource !== undefined) return `${resource} ${name}`
  if (!NAME.test(first)) return undefined
  return `${kind === 'pod' ? 'pod' : 'networkpolicy'} ${name} -n ${first}`
}

/** In single quotes, and in printable ASCII: whatever is not becomes an escape of JSON's own, so nothing is hidden from the eye. */
function quoted(json: string): string {
  const ascii = json.replace(
    /[^\x20-\x26\x28-\x7e]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `'${ascii}'`
}
