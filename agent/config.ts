// Everything an operator may set: read, checked, printed, compared. The door to `config/`.

export { type ChangedKeys, changedKeys, LIVE_KEYS } from './config/changed.ts'
export { DEFAULTS } from './config/defaults.ts'
export { prefixesOf, recordsDirectory, stateDirectory } from './config/derived.ts'
export { type Environment, mistakenVariables, variables } from './config/environment.ts'
export { contentHash } from './config/hash.ts'
export { type Listen, parseListen } from './config/listen.ts'
export { printConfig } from './config/print.ts'
export { type ConfigReading, type Origins, readConfig, type Surroundings } from './config/read.ts'
export { type Config, configSchema } from './config/schema.ts'
export {
  type ConntrackSource,
  type FileSource,
  type KernelSource,
  patternsOf,
  type SourceConfig,
  type StandardInputSource,
  sourceText,
} from './config/source.ts'
