// What was edited, in words: short, concrete sentences that name the place in the object as its author wrote it. Lists are compared
// as a person would: an element that is gone from the middle is one removal, not a change of all that stood behind it.

import { align } from './align.ts'
import { isTierKind, type Values, valuesOf } from './difference-values.ts'
import type { Labels, PolicyObject } from './objects.ts'
import { labelOf } from './selector.ts'

/** Sentences beyond this are counted: `and 3 more`. */
const MOST = 5

/** A place in the object before and after: what was removed is named as it stood before, everything else as it stands now. */
interface Path {
  readonly before: string
  readonly after: string
}

/**
 * What was edited in a policy's `spec`: `ingress[0].from[1] removed`, `egress[0].ports[0] 5432/TCP -> 5433/TCP`. Nothing for one
 * that was created or deleted, which says it all.
 */
export function differenceOf(before: PolicyObject | undefined, after: PolicyObject | undefined): string[] {
  if (before === undefined || after === undefined) return []
  const values = valuesOf(isTierKind(after.kind))
  const said = compareMembers(specOf(before), specOf(after), { before: '', after: '' }, values)
  return capped(said)
}

/** S2: a NetworkPolicy without podSelector has the empty one. */
function specOf({ kind, spec }: PolicyObject): object {
  const known = isObject(spec) ? spec : {}
  return isTierKind(kind) ? known : { ...known, podSelector: member(known, 'podSelector') ?? {} }
}

/** `label app: cart -> kart`, `label team added: data`, `label app removed (was cart)`. */
export function labelDifference(before: Labels, after: Labels): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return capped(
    keys.flatMap(key => {
      const [was, is] = [labelOf(before, key), labelOf(after, key)]
      if (was === is) return []
      if (was === undefined) return [`label ${key} added: ${is}`]
      return [is === undefined ? `label ${key} removed (was ${was})` : `label ${key}: ${was} -> ${is}`]
    }),
  )
}

function capped(said: readonly string[]): string[] {
  return said.length <= MOST ? [...said] : [...said.slice(0, MOST), `and ${said.length - MOST} more`]
}

function compareMembers(before: object, after: object, path: Path, values: Values): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap(name => {
    const place = { before: join(path.before, name), after: join(path.after, name) }
    return compare(name, member(before, name), member(after, name), place, values)
  })
}

function member(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? ((object as Record<string, unknown>)[name] ?? undefined) : undefined
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function compare(name: string, before: unknown, after: unknown, path: Path, values: Values): string[] {
  if (values.isSame(name, before, after)) return []
  if (values.isSelector(name, path.after)) return compareSelectors(before, after, path, values)
  const [listBefore, listAfter] = [values.list(name, before), values.list(name, after)]
  if (listBefore !== undefined && listAfter !== undefined) {
    // S18, S19: a rule without peers or ports matches all of them, so the first element of a list takes something away.
    const whole = values.whole(name, listBefore, listAfter)
    if (whole !== undefined) return [`${path.after} ${whole}`]
    return isOfScalars(listBefore) && isOfScalars(listAfter)
      ? compareSets(listBefore, listAfter, path)
      : compareLists(name, listBefore, listAfter, path, values)
  }
  if (isObject(before) && isObject(after)) return compareMembers(before, after, path, values)
  if (before === undefined || after === undefined) return [statement(path, brief(before), brief(after))]
  return [statement(path, textOf(before), textOf(after))]
}

/** An object that comes or goes is named, not shown. */
function brief(value: unknown): string | undefined {
  return isObject(value) ? '' : textOf(value)
}

function statement(path: Path, before: string | undefined, after: string | undefined): string {
  if (after === undefined) return `${path.before}${before === '' ? '' : ` ${before}`} removed`
  if (before === undefined) return `${path.after}${after === '' ? '' : ` ${after}`} added`
  return `${path.after} ${before} -> ${after}`
}

/** Only the requirements that differ. */
function compareSelectors(before: unknown, after: unknown, path: Path, values: Values): string[] {
  const [was, is] = [values.requirements(before), values.requirements(after)]
  if (was === undefined || is === undefined)
    return [statement(path, was?.join() ?? selectorText(before), is?.join() ?? selectorText(after))]
  const gone = was.filter(each => !is.includes(each))
  const come = is.filter(each => !was.includes(each))
  if (gone.length === 0 && come.length === 0) return []
  return [
    statement(path, gone.length > 0 ? gone.join() : undefined, come.length > 0 ? come.join() : undefined),
  ]
}

/** A selector that cannot be read is shown as it is. */
function selectorText(value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(value)
}

function compareSets(before: readonly unknown[], after: readonly unknown[], path: Path): string[] {
  const gone = before.filter(each => !after.includes(each))
  const come = after.filter(each => !before.includes(each))
  if (gone.length === 1 && come.length === 1) return [statement(path, textOf(gone[0]), textOf(come[0]))]
  return [
    ...gone.map(each => statement(path, textOf(each), undefined)),
    ...come.map(each => statement(path, undefined, textOf(each))),
  ]
}

function compareLists(
  name: string,
  before: readonly unknown[],
  after: readonly unknown[],
  path: Path,
  values: Values,
): string[] {
  const steps = align(before, after, values.isOneKind(name))
  const said = steps.flatMap(({ from, to, isSame }) => {
    const place = { before: `${path.before}[${from}]`, after: `${path.after}[${to}]` }
    if (isSame) return values.isOrdered(name) ? [`${place.before} moved to ${path.after}[${to}]`] : []
    const [was, is] = [before[from], after[to]]
    const [wasText, isText] = [values.shortText(name, was), values.shortText(name, is)]
    if (to < 0) return [statement(place, wasText ?? '', undefined)]
    if (from < 0) return [statement(place, undefined, isText ?? '')]
    if (wasText !== undefined && isText !== undefined) return [statement(place, wasText, isText)]
    return isObject(was) && isObject(is)
      ? compareMembers(was, is, place, values)
      : [statement(place, textOf(was), textOf(is))]
  })
  const isReordered = said.length === 0 && steps.length > 0 && steps.every(step => step.isSame)
  return isReordered ? [`${path.after} reordered`] : said
}

function isOfScalars(list: readonly unknown[]): boolean {
  return list.every(each => typeof each !== 'object' || each === null)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Strings as they are, anything else as JSON, cut where it would drown the sentence. */
function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
