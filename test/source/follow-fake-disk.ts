// A disk in memory with what makes following hard: inodes that are given away again at once, open files that outlive their names.

import type { Disk, FileStat, OpenFile } from '../../agent/source/disk.ts'

interface Inode {
  readonly ino: number
  content: Buffer
  readonly born: number
  changed: number
  opened: number
}

export interface FakeDisk extends Disk {
  /** Milliseconds; every change takes one. */
  now: number
  /** Happens in the middle of the next look. */
  meanwhile: (() => void) | undefined
  append(path: string, text: string | Uint8Array): void
  /** Appends to a file by its inode, as a writer does that kept it open. */
  appendTo(inode: unknown, text: string | Uint8Array): void
  inode(path: string): unknown
  truncate(path: string, size?: number): void
  rename(from: string, to: string): void
  copy(from: string, to: string): void
  unlink(path: string): void
  link(path: string, to: string): void
  exists(path: string): boolean
  content(path: string): Buffer
  openFiles(): number
}

export function createFakeDisk(): FakeDisk {
  const files = new Map<string, Inode>()
  const links = new Map<string, string>()
  const directories = new Map<string, number>()
  const opened = new Set<Inode>()
  let open = 0

  const real = (path: string): string => links.get(path) ?? path
  const touchDirectory = (path: string): void => {
    directories.set(path.slice(0, path.lastIndexOf('/')), ++disk.now)
  }

  function freeInode(): number {
    const used = new Set([...files.values(), ...opened].map(({ ino }) => ino))
    let ino = 1
    while (used.has(ino)) ino++
    return ino
  }

  function at(path: string): Inode {
    const found = files.get(real(path))
    if (!found) throw new Error(`no ${path}`)
    return found
  }

  function create(path: string): Inode {
    const inode = {
      ino: freeInode(),
      content: Buffer.alloc(0),
      born: ++disk.now,
      changed: disk.now,
      opened: 0,
    }
    files.set(real(path), inode)
    touchDirectory(real(path))
    return inode
  }

  const described = (inode: Inode): FileStat => ({
    dev: 1,
    ino: inode.ino,
    size: inode.content.length,
    modifiedMs: inode.changed,
    changedMs: inode.changed,
    bornMs: inode.born,
    isFile: true,
  })

  function openInode(inode: Inode): OpenFile {
    open++
    inode.opened++
    opened.add(inode)
    let isOpen = true
    return {
      stat() {
        if (!isOpen) throw new Error('EBADF')
        return described(inode)
      },
      read(buffer, offset) {
        if (!isOpen) throw new Error('EBADF')
        const { length } = inode.content
        return inode.content.copy(
          buffer,
          0,
          Math.min(offset, length),
          Math.min(offset + buffer.length, length),
        )
      },
      close() {
        if (!isOpen) throw new Error('closed twice')
        isOpen = false
        open--
        if (--inode.opened === 0) opened.delete(inode)
      },
    }
  }

  const disk: FakeDisk = {
    now: 1000,
    meanwhile: undefined,
    stat(path) {
      const inode = files.get(real(path))
      if (inode) return described(inode)
      const changed = directories.get(path)
      if (changed === undefined) return undefined
      return { dev: 1, ino: 0, size: 0, modifiedMs: changed, changedMs: changed, bornMs: 0, isFile: false }
    },
    list(directory) {
      const change = disk.meanwhile
      disk.meanwhile = undefined
      change?.()
      return [...files.keys(), ...links.keys()]
        .filter(path => path.slice(0, path.lastIndexOf('/')) === directory)
        .map(path => path.slice(directory.length + 1))
    },
    realPath: path => (files.has(real(path)) ? real(path) : undefined),
    open(path) {
      const inode = files.get(real(path))
      return inode && openInode(inode)
    },
    append(path, text) {
      const inode = files.get(real(path)) ?? create(path)
      disk.appendTo(inode, text as string)
    },
    appendTo(inode, text) {
      const file = inode as Inode
      file.content = Buffer.concat([file.content, Buffer.from(text)])
      file.changed = ++disk.now
    },
    inode: at,
    truncate(path, size = 0) {
      const inode = at(path)
      inode.content = Buffer.from(inode.content.subarray(0, size))
      inode.changed = ++disk.now
    },
    rename(from, to) {
      const inode = at(from)
      files.delete(real(from))
      files.set(to, inode)
      inode.changed = ++disk.now
      touchDirectory(to)
    },
    copy(from, to) {
      const { content } = at(from)
      files.delete(to)
      create(to)
      disk.appendTo(at(to), content)
    },
    unlink(path) {
      files.delete(real(path))
      touchDirectory(real(path))
    },
    link(path, to) {
      links.set(path, to)
      touchDirectory(path)
    },
    exists: path => files.has(real(path)),
    content: path => at(path).content,
    openFiles: () => open,
  }
  return disk
}
