// The engine against the oracle over random worlds: verdicts, responsible policies and rules, reasons, what was left out, and
// the nearest misses. ORACLE_SEED and ORACLE_WORLDS choose other worlds or more of them.

import t from 'tap'
import { askProbe, compile, isProbeError, readProbe } from '../../agent/policy/index.ts'
import type { World } from '../../agent/policy/objects.ts'
import { casesOf } from '../random-cases.ts'
import {
  askOracle,
  describe,
  type Engine,
  isSameLine,
  type Line,
  orThrown,
  type Scene,
  writeGrounds,
} from './differential.ts'
import { editsOf } from './edits.ts'
import type { Probe } from './ends.ts'
import type { Grounds } from './oracle.ts'
import { probesOf } from './probes.ts'
import { anyWorldOf } from './tiered-worlds.ts'

const firstSeed = Number(process.env.ORACLE_SEED ?? 1)
const worlds = casesOf(120, 1000, 'ORACLE_WORLDS')
const probesPerWorld = 100
const editedWorlds = Math.ceil(worlds / 4)
const shown = 5

type Epoch = ReturnType<typeof compile>

function compileWorld(world: World): Epoch {
  return compile(world, { profile: 'upstream' })
}

function askEngine(epoch: Epoch, probe: Probe): Line {
  return orThrown(() => {
    const answer = askProbe(epoch, probe)
    if (isProbeError(answer)) return 'cannot be asked'
    return { ...answer, grounds: groundsIn(epoch, probe).map(writeGrounds) }
  })
}

/** The witnesses, which `askProbe` keeps to itself. */
function groundsIn(epoch: Epoch, probe: Probe): Grounds[] {
  const read = readProbe(epoch, probe)
  if (isProbeError(read)) throw new Error('answered, though it cannot be read')
  const { egress, ingress } = epoch.evaluate(read.from, read.to, read.protocol, read.port)
  return [egress, ingress]
    .filter(({ verdict }) => verdict !== 'n/a')
    .map(({ direction, witnesses, undefinedChoice }) => ({
      direction,
      witnesses: witnesses.map(witness => ({ ...witness, policy: witness.policy.key })),
      undefinedChoice,
    }))
}

const engine: Engine = ({ world, edits }, probe) =>
  askEngine(
    edits.reduce((epoch, changes) => epoch.with(changes), compileWorld(world)),
    probe,
  )

t.test('the engine and the oracle answer every probe about a random world alike', t => {
  let asked = 0
  let differences = 0
  for (let seed = firstSeed; seed < firstSeed + worlds; seed++) {
    const world = anyWorldOf(seed)
    const epoch = compileWorld(world)
    for (const probe of probesOf(world, seed, probesPerWorld)) {
      asked++
      if (isSameLine(askEngine(epoch, probe), askOracle(world, probe))) continue
      if (++differences <= shown) t.fail(describe(engine, { world, edits: [] }, probe, seed))
    }
  }
  t.equal(differences, 0, `of ${asked} probes`)
  t.end()
})

t.test(
  'an edited epoch answers as the oracle does about the edited world, and the old epoch as before',
  t => {
    let differences = 0
    for (let seed = firstSeed; seed < firstSeed + editedWorlds; seed++) {
      const world = anyWorldOf(seed)
      let before = { epoch: compileWorld(world), world, scene: { world, edits: [] } as Scene }
      for (const { changes, world: edited } of editsOf(world, seed, 6)) {
        const after = {
          epoch: before.epoch.with(changes),
          world: edited,
          scene: { world, edits: [...before.scene.edits, changes] },
        }
        for (const probe of probesOf(edited, seed + after.scene.edits.length, 12)) {
          const wrong = [before, after].find(
            one => !isSameLine(askEngine(one.epoch, probe), askOracle(one.world, probe)),
          )
          if (wrong !== undefined && ++differences <= shown)
            t.fail(describe(engine, wrong.scene, probe, seed))
        }
        before = after
      }
    }
    t.equal(differences, 0)
    t.end()
  },
)
