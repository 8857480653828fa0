// Settings from environment variables: what a chart sets for each node, or where writing a file is too much. They go through the same
// schema as the file and stand above it; an empty variable says nothing.

import * as z from 'zod'
import { nearestWords } from '../nearest-words.ts'
import { schemasAt } from './problems.ts'
import { configSchema } from './schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Variable {
  readonly variable: string
  readonly path: readonly [string, ...string[]]
}

/** Of two variables for one setting the later one counts. */
export const variables: readonly Variable[] = [
  { variable: 'NODE_NAME', path: ['node'] },
  { variable: 'CULPRIT_NODE', path: ['node'] },
  { variable: 'CULPRIT_MANIFESTS', path: ['manifests'] },
  { variable: 'CULPRIT_PROFILE', path: ['profile'] },
  { variable: 'CULPRIT_HOST_LOG_DIRECTORY', path: ['host', 'logDirectory'] },
  { variable: 'CULPRIT_HOST_PROC_DIRECTORY', path: ['host', 'procDirectory'] },
  { variable: 'CULPRIT_RECORDS_DIRECTORY', path: ['records', 'directory'] },
  { variable: 'CULPRIT_RECORDS_BUDGET_MEBIBYTES', path: ['records', 'budgetMebibytes'] },
  { variable: 'CULPRIT_RECORDS_ALLOWED', path: ['records', 'allowed'] },
  { variable: 'CULPRIT_RECORDS_EXTERNAL_ADDRESSES', path: ['records', 'externalAddresses'] },
  { variable: 'CULPRIT_OUTPUT_RECORDS', path: ['output', 'records'] },
  { variable: 'CULPRIT_STATE_DIRECTORY', path: ['state', 'directory'] },
  { variable: 'CULPRIT_HISTORY_MINUTES', path: ['history', 'minutes'] },
  { variable: 'CULPRIT_LIMITS_CPU_CORES', path: ['limits', 'cpuCores'] },
  { variable: 'CULPRIT_LIMITS_MEMORY_MEBIBYTES', path: ['limits', 'memoryMebibytes'] },
  { variable: 'CULPRIT_HTTP', path: ['http'] },
  { variable: 'CULPRIT_HTTP_LISTEN', path: ['http', 'listen'] },
  { variable: 'CULPRIT_HTTP_PROBES_LISTEN', path: ['http', 'probesListen'] },
  { variable: 'CULPRIT_LOG_LEVEL', path: ['log', 'level'] },
]

export interface Override extends Variable {
  readonly value: string | number
}

export function overridesIn(environment: Environment): readonly Override[] {
  return variables.flatMap(each => {
    const text = environment[each.variable]?.trim() ?? ''
    return text === '' ? [] : [{ ...each, value: settingValue(text, each.path) }]
  })
}

/** A number where the setting is one, and the text reads as one. */
function settingValue(text: string, path: readonly string[]): string | number {
  const isNumber = schemasAt(configSchema, path).some(schema => schema instanceof z.ZodNumber)
  return isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/** The tree with the value at the path; what stands in the way (`http: off`) gives way. */
export function withValue(tree: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const object = typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? tree : {}
  return { ...object, [key]: withValue((object as Record<string, unknown>)[key], rest, value) }
}

/** Variables that were probably meant to be ours, a sentence each. Kubernetes itself sets many that begin with a Service's name. */
export function mistakenVariables(environment: Environment): readonly string[] {
  const known = variables.map(({ variable }) => variable)
  return Object.keys(environment)
    .filter(name => name.startsWith('CULPRIT_') && !known.includes(name) && !isServiceLink(name))
    .flatMap(name => {
      const [near] = nearestWords(name, known, 1)
      return near === undefined
        ? []
        : [`${name} is no variable of culprit's and is ignored, did you mean ${near}`]
    })
}

/** `CULPRIT_SERVICE_HOST`, `CULPRIT_PORT_9464_TCP`: of a Service that is called culprit. */
function isServiceLink(name: string): boolean {
  return /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP|SCTP)(_|$)|$)/.test(name)
}
