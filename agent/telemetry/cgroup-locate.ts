// Where the agent's control groups are mounted. `/proc/self/cgroup` names the group in each hierarchy, mountinfo says where a hierarchy is
// mounted and from which of its groups on: in a container the mount often begins at the container's own group (cgroups(7), proc(5)).

import type { SmallFiles } from './small-file.ts'

/** One group as a directory, and the directory of the highest group that can be seen. */
export interface Group {
  readonly path: string
  readonly top: string
}

export interface Groups {
  readonly v2: Group | undefined
  /** By controller: `memory`, `cpu`, `cpuacct`. */
  readonly v1: ReadonlyMap<string, Group>
}

interface Mount {
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

export function locateGroups(files: SmallFiles): Groups {
  const mounts = mountsOf(files.text('/proc/self/mountinfo') ?? '')
  const named = groupsOf(files.text('/proc/self/cgroup') ?? '')
  const v1 = new Map<string, Group>()
  for (const [controller, path] of named) {
    const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller))
    if (controller !== '' && mount !== undefined) v1.set(controller, groupIn(mount, path))
  }
  const unified = mounts.find(({ type }) => type === 'cgroup2')
  const path = named.get('')
  return { v2: unified && path !== undefined ? groupIn(unified, path) : undefined, v1 }
}

/** Controller to path; the unified hierarchy's controller is the empty text. */
function groupsOf(text: string): ReadonlyMap<string, string> {
  const groups = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path !== undefined) for (const controller of controllers!.split(',')) groups.set(controller, path)
  }
  return groups
}

/** `31 30 0:28 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu`; optional fields stand before the ` - `. */
function mountsOf(text: string): readonly Mount[] {
  return text.split('\n').flatMap(line => {
    const [left, right] = line.split(' - ')
    const [type, , options] = right?.split(' ') ?? []
    const [, , , root, point] = left!.split(' ')
    if (type === undefined || point === undefined || !type.startsWith('cgroup')) return []
    return [{ root: unescaped(root!), point: unescaped(point), type, options: options?.split(',') ?? [] }]
  })
}

/** Blanks in paths are written as `\040`. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** A path outside of what is mounted (`/..` of another namespace) is taken for the highest group that can be seen. */
function groupIn({ root, point }: Mount, path: string): Group {
  const base = root === '/' ? '' : root
  const inside = path === base || path.startsWith(`${base}/`) ? path.slice(base.length) : '/'
  const below = inside === '/' || inside.includes('/..') ? '' : inside
  return { path: point + below, top: point }
}

/** The group and its ancestors as far as they can be seen, itself first: a limit holds for everything below it. */
export function lineage({ path, top }: Group): readonly string[] {
  const all = [path]
  for (let at = path; at !== top && at.length > top.length; ) {
    at = at.slice(0, at.lastIndexOf('/'))
    all.push(at)
  }
  return all
}
