// The files of a world: PATH itself, or everything in the directory and below whose name says that it is one.

import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { WorldError } from './world-error.ts'

export const endings = ['.yaml', '.yml', '.json', '.jsonl'] as const
export type Ending = (typeof endings)[number]

export interface WorldFile {
  readonly path: string
  readonly ending: Ending
}

/** Sorted by path. @throws WorldError when there is none, in a sentence of its own for each cause. */
export async function findFiles(path: string): Promise<readonly WorldFile[]> {
  const found = await statOf(path)
  if (found.isDirectory()) return filesOf(path)
  if (!found.isFile()) throw failure(path, 'it is neither a file nor a directory')
  const ending = endingOf(path)
  if (ending === undefined) throw failure(path, `its name does not end in ${endings.join(', ')}`)
  return [{ path, ending }]
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (cause) {
    throw failure(path, causeOf(cause, 'a world is a file or a directory of Kubernetes manifests'), cause)
  }
}

async function filesOf(directory: string): Promise<readonly WorldFile[]> {
  const paths = await walk(directory)
  const files = paths.sort().flatMap(path => {
    const ending = endingOf(path)
    return ending === undefined ? [] : [{ path, ending }]
  })
  if (files.length > 0) return files
  const what = paths.length === 0 ? 'the directory is empty' : 'the directory has no file of a known kind'
  throw failure(directory, `${what}; a world is ${endings.map(ending => `*${ending}`).join(', ')}`)
}

/** Names that begin with a dot are left out: they are an editor's, git's, or a mounted ConfigMap's inner side. */
async function walk(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter(name => !name.startsWith('.'))
  const paths = await Promise.all(names.map(name => walkOne(join(directory, name))))
  return paths.flat()
}

async function walkOne(path: string): Promise<string[]> {
  const found = await statOf(path)
  return found.isDirectory() ? walk(path) : found.isFile() ? [path] : []
}

function endingOf(path: string): Ending | undefined {
  return endings.find(ending => basename(path).toLowerCase().endsWith(ending))
}

/** The text of a file. @throws WorldError when it is not text. */
export async function readText(path: string): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw failure(path, causeOf(cause, ''), cause)
  }
  const nul = bytes.subarray(0, 8192).indexOf(0)
  if (nul >= 0) throw failure(path, `it is binary (a NUL byte at offset ${nul}); manifests are UTF-8 text`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw failure(path, 'it is not UTF-8 text', cause)
  }
}

function failure(file: string, text: string, cause?: unknown): WorldError {
  const error = new WorldError([{ file, text }])
  if (cause !== undefined) error.cause = cause
  return error
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is no directory',
  ELOOP: 'its symbolic links lead in a circle',
}

function causeOf(cause: unknown, hint: string): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  const text = causes[code] ?? code
  return code === 'ENOENT' && hint !== '' ? `${text}; ${hint}` : text
}
