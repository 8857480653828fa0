// Reading a LabelSelector with apimachinery's `ValidateLabelSelector`.

import {
  at,
  complain,
  element,
  type Fields,
  field,
  type Place,
  quote,
  readList,
  readObject,
  readString,
} from './fields.ts'
import { isLabelKey, isLabelValue } from './names.ts'
import type { Operator, Requirement, Selector } from './selector.ts'

/** Reads a selector; undefined when it is absent or anything in it is wrong (which is noted). */
export function parseSelector(value: unknown, place: Place): Selector | undefined {
  const before = place.problems.length
  const fields = readObject(value, place)
  if (fields === undefined) return undefined
  const requirements = [
    ...parseLabels(field(fields, 'matchLabels'), at(place, 'matchLabels')),
    ...parseExpressions(field(fields, 'matchExpressions'), at(place, 'matchExpressions')),
  ]
  if (place.problems.length > before) return undefined
  // Stable, so that equal keys keep matchLabels before matchExpressions.
  return { requirements: requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) }
}

function parseLabels(value: unknown, place: Place): Requirement[] {
  const labels = readObject(value, place) ?? {}
  return Object.entries(labels).map(([key, label]) => {
    checkKey(key, place)
    const text = readString(label, at(place, key))
    checkValue(text, at(place, key))
    return { key, operator: 'Equals', values: [text] }
  })
}

function parseExpressions(value: unknown, place: Place): Requirement[] {
  return readList(value, place).map((item, i) => {
    const itemPlace = element(place, i)
    return parseExpression(readObject(item, itemPlace) ?? {}, itemPlace)
  })
}

function parseExpression(fields: Fields, place: Place): Requirement {
  const key = readString(field(fields, 'key'), at(place, 'key'))
  checkKey(key, at(place, 'key'))
  const values = readList(field(fields, 'values'), at(place, 'values')).map((value, i) => {
    const text = readString(value, element(at(place, 'values'), i))
    checkValue(text, element(at(place, 'values'), i))
    return text
  })
  const operator = parseOperator(field(fields, 'operator'), values, place)
  return { key, operator, values: values.sort() }
}

function parseOperator(value: unknown, values: readonly string[], place: Place): Operator {
  const operator = readString(value, at(place, 'operator'))
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        complain(at(place, 'values'), 'must be specified when `operator` is "In" or "NotIn"')
      return operator
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        complain(at(place, 'values'), 'may not be specified when `operator` is "Exists" or "DoesNotExist"')
      return operator
    default:
      complain(
        at(place, 'operator'),
        `${quote(operator)} is not a valid selector operator: In, NotIn, Exists, DoesNotExist`,
      )
      return 'Exists'
  }
}

function checkKey(key: string, place: Place): void {
  if (!isLabelKey(key)) complain(place, `${quote(key)} is not a valid label key`)
}

function checkValue(value: string, place: Place): void {
  if (!isLabelValue(value)) complain(place, `${quote(value)} is not a valid label value`)
}
