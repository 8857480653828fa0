// Where the cluster's state comes from.

export { locatePolicy, type Place } from './locate.ts'
export {
  type ManifestDirectory,
  type ManifestDirectoryOptions,
  openManifestDirectory,
} from './manifest-directory.ts'
export { checkManifests, type ManifestsFound } from './manifest-directory-check.ts'
export { type Reading, readKinds, readObject } from './objects.ts'
export { type ClusterInput, type ClusterInput as WorldInput, readWorld } from './read-world.ts'
export { eventReader, readWatchEvent, type WatchEvent } from './watch-event.ts'
export { formatProblem, type Problem, WorldError } from './world-error.ts'
