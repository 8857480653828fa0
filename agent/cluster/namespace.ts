// A Namespace: its labels, with the one that the control plane sets on every namespace (S8).

import type { Observed } from '../timeline/index.ts'
import type { Fields } from './field.ts'
import { readMeta, readStamp } from './meta.ts'

const nameLabel = 'kubernetes.io/metadata.name'

export function readNamespace(object: Fields): Observed {
  const { name, labels, fields } = readMeta(object)
  const complete = labels[nameLabel] === undefined ? { ...labels, [nameLabel]: name } : labels
  return {
    kind: 'Namespace',
    api: 'Namespace',
    id: name,
    name,
    object: { name, labels: complete },
    stamp: readStamp(fields, 'labels'),
  }
}
