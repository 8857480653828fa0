// The documentation says what the code does: generated parts are current, and what is written by hand names everything there is.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { configSchema } from '../agent/config.ts'
import { pages as configurationPages } from '../docs/configuration/generate.ts'
import { pages, unwritten } from '../docs/formats/generate.ts'

t.test('every format has its page', async t => {
  t.same(unwritten(), [])
})

t.test('generated parts are current: npm run docs writes them', async t => {
  for (const { file, current, wanted } of [...pages(), ...configurationPages()])
    t.equal(current, wanted, file.pathname)
})

t.test('the page of custom names every key of a mapping', async t => {
  const page = readFileSync(new URL('../docs/formats/custom.md', import.meta.url), 'utf8')
  for (const key of Object.keys(configSchema.shape.custom.unwrap().shape)) t.match(page, `\`${key}\``, key)
})
