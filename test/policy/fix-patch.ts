// Applying edits as a user would: RFC 6902 read literally, on the manifest that the edit names.

import type { Fix, PatchOperation } from '../../agent/policy/index.ts'
import type { Labels, PolicyObject, World } from '../../agent/policy/objects.ts'

type Json = unknown

/** The document after the operations. Throws where RFC 6902 says that an operation fails. */
export function applyPatch(document: Json, operations: readonly PatchOperation[]): Json {
  return operations.reduce(applyOperation, structuredClone(document))
}

function applyOperation(document: Json, { op, path, value }: PatchOperation): Json {
  if (op !== 'add') throw new Error(`No edit here needs "${op}"`)
  const names = path
    .split('/')
    .slice(1)
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = names.pop()
  if (last === undefined) return structuredClone(value)
  const target = names.reduce(step, document)
  if (Array.isArray(target)) {
    const index = last === '-' ? target.length : indexOf(last)
    if (index > target.length) throw new Error(`${path}: no element ${index}`)
    target.splice(index, 0, structuredClone(value))
  } else if (target !== null && typeof target === 'object') {
    // 4.1: "If the target location specifies an object member that does exist, that member's value is replaced."
    Object.defineProperty(target, last, {
      value: structuredClone(value),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  } else throw new Error(`${path}: nothing to add to`)
  return document
}

function step(document: Json, name: string): Json {
  if (Array.isArray(document)) {
    if (indexOf(name) >= document.length) throw new Error(`no element ${name}`)
    return document[indexOf(name)]
  }
  if (document === null || typeof document !== 'object' || !Object.hasOwn(document, name))
    throw new Error(`no member ${name}`)
  return (document as Record<string, Json>)[name]
}

function indexOf(name: string): number {
  if (!/^(0|[1-9]\d*)$/.test(name)) throw new Error(`no index: ${name}`)
  return Number(name)
}

/** The world with the edit applied to the object that it names. */
export function applyFix(world: World, fix: Fix): World {
  if (fix.kind === 'none') return world
  const { target, patch } = fix
  const labelled = <T extends { readonly labels: Labels }>(one: T): T => {
    const { metadata } = applyPatch({ metadata: { labels: one.labels } }, patch) as { metadata: T }
    return { ...one, labels: metadata.labels }
  }
  if (fix.kind === 'pod')
    return { ...world, pods: world.pods.map(pod => (nameOf(pod) === target ? labelled(pod) : pod)) }
  if (fix.kind === 'namespace')
    return { ...world, namespaces: world.namespaces.map(one => (one.name === target ? labelled(one) : one)) }
  const patched = (policy: PolicyObject) =>
    keyOf(policy) === target ? (applyPatch(policy, patch) as PolicyObject) : policy
  return { ...world, policies: world.policies.map(patched) }
}

function nameOf({ ns, name }: { readonly ns: string; readonly name: string }): string {
  return `${ns}/${name}`
}

/** What answers call a policy. */
export function keyOf({ kind, metadata }: PolicyObject): string {
  const namespace = metadata.namespace ?? (kind === 'NetworkPolicy' ? 'default' : undefined)
  return `${namespace ?? kind}/${metadata.name}`
}
