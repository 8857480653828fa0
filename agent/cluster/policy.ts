// Policy objects are passed on as they are: whether one is valid is the policy engine's matter.

import type { PolicyObject } from '../policy/objects.ts'
import type { Observed } from '../timeline/index.ts'
import type { Fields } from './field.ts'
import { readMeta, readStamp } from './meta.ts'

export function readPolicy(object: Fields, api: string, apiVersion: string): Observed {
  const meta = readMeta(object)
  const isClusterScoped = api !== 'NetworkPolicy'
  const generation = meta.fields.integer('generation', 0, Number.MAX_SAFE_INTEGER)
  const managedFields = meta.fields.raw('managedFields')
  const spec = object.raw('spec')
  const policy: PolicyObject = {
    apiVersion,
    kind: api,
    metadata: {
      name: meta.name,
      ...(isClusterScoped ? {} : { namespace: meta.namespace }),
      ...(meta.uid === undefined ? {} : { uid: meta.uid }),
      ...(generation === undefined ? {} : { generation }),
      ...(Array.isArray(managedFields) ? { managedFields } : {}),
    },
    ...(spec === undefined ? {} : { spec }),
  }
  const name = [isClusterScoped ? api : meta.namespace, meta.name].join('/')
  return {
    kind: 'Policy',
    api,
    id: meta.uid ?? name,
    name,
    object: policy,
    stamp: readStamp(meta.fields, 'spec'),
  }
}
