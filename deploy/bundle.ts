// `npm run build`: the program with everything it depends on as a few files, `dist/culprit.mjs` and the chunks of its commands. Node keeps
// the text of every module that it has read; the agent then reads four files in place of six hundred, and none of what it does not use.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

/** `out` stands where `agent` does, in the root of the checkout: the shop of `quickstart` is found from there. */
export async function bundle(out: string = join(root, 'dist')): Promise<string> {
  rmSync(out, { recursive: true, force: true })
  await build({
    absWorkingDir: root,
    entryPoints: { culprit: 'agent/main.ts' },
    outdir: out,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    // Commands stay apart. A file of `agent/FOLDER/` finds its surroundings from `dist/chunks/` as well.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Optional, and with a binary of its own.
    external: ['@duckdb/node-api'],
    // Names stay, so that a stack trace can be read without the map.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // What dependencies in CommonJS ask of Node itself.
    banner: {
      js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);",
    },
    logLevel: 'warning',
  })
  return join(out, 'culprit.mjs')
}

if (import.meta.main) await bundle()
