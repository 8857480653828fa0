// What any record has to be, from DESIGN sections 7 and 12: fields that are required, their types, and closed sets. Written anew and not
// taken from the agent's own types, which would agree with whatever the agent writes.

import { isIP } from 'node:net'
import { z } from 'zod'

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/)
const id = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
const text = z.string().min(1)
const count = z.int().min(1)
const port = z.int().min(0).max(65535)
const direction = z.enum(['egress', 'ingress'])
const address = z.string().refine(value => isIP(value) !== 0, 'an address')
const verdict = z.enum(['allowed', 'denied', 'rejected', 'audited', 'unanswered'])
const flowEvent = z.enum(['flow.allowed', 'flow.denied', 'flow.rejected', 'flow.audited', 'flow.unanswered'])
const source = z.string().regex(/^[a-z][a-z-]*$/)

const common = { v: z.literal(1), id, ts: time.optional() }
const node = text.optional()
const chain = z.strictObject({ seq: count, hash: z.string().regex(/^[\w-]{43}$/) })
const evidence = z.strictObject({
  source,
  file: text.optional(),
  offset: z.int().min(0).optional(),
})

const endpoint = z.strictObject({
  ip: address.optional(),
  port: port.optional(),
  kind: z.enum(['pod', 'node', 'service', 'external', 'unknown']),
  ns: text.optional(),
  pod: text.optional(),
  uid: text.optional(),
  wl: z
    .string()
    .regex(/^\w+\/.+/s)
    .optional(),
  svc: z
    .string()
    .regex(/^[^/]+\/.+/s)
    .optional(),
  node: text.optional(),
  as: text.optional(),
})

const policy = z.strictObject({
  kind: text.optional(),
  ns: text.optional(),
  name: text,
  uid: text.optional(),
  gen: z.int().min(0).optional(),
  role: z.enum(['admits', 'isolates', 'denies', 'passes', 'candidate']),
  rule: z
    .string()
    .regex(/^(e|in)gress\[\d+\]$/)
    .optional(),
})

const miss = { failed: text, want: text, have: text }
const nearest = z.strictObject({
  policy: text,
  rule: z.string().regex(/^(e|in)gress\[\d+\]$/),
  ...miss,
  also: z.array(z.strictObject(miss)).min(1).optional(),
})

const fix = z.union([
  z.strictObject({ kind: z.literal('none'), because: text }),
  z.looseObject({
    kind: z.enum(['policy', 'pod', 'namespace']),
    target: text,
    patch: z
      .array(z.looseObject({ op: z.enum(['add', 'replace', 'remove', 'test']), path: z.string() }))
      .min(1),
    opens: z.looseObject({ pods: z.int().min(0), namespaces: z.array(text), addresses: text.optional() }),
  }),
])

const changed = z.looseObject({ at: time.or(text), ago_s: z.number().min(0) })

const unsure = z.enum([
  'peer-unresolved',
  'pod-starting',
  'pod-terminating',
  'address-reused',
  'sync-gap',
  'policy-just-changed',
  'clock-uncertain',
  'unsupported-policy',
  'policy-left-out',
  'older-than-agent',
  'before-timeline',
  'too-old',
  'aggregated',
  'undefined-choice',
])

const said = {
  reason: z.enum([
    'rule-matched',
    'not-isolated',
    'no-rule-matched',
    'explicit-deny',
    'other-policy',
    'exempt-node',
    'exempt-self',
    'established',
    'not-a-policy',
    'unknown',
  ]),
  certainty: z.enum(['certain', 'candidates', 'unknown']),
  agreement: z.enum(['agrees', 'lagging', 'contradicts', 'undecided']),
  policies: z.array(policy).min(1).max(5).optional(),
  more: count.optional(),
  nearest: nearest.optional(),
  fix: fix.optional(),
  changed: changed.optional(),
  unsure: z.array(unsure).min(1).optional(),
  leftOut: z.array(text).min(1).optional(),
}
const other = z.strictObject({ dir: direction, ...said }).optional()
const why = z.strictObject({ ...said, other })

const reported = z.strictObject({
  by: text,
  verdict: text.optional(),
  policies: z.array(text).optional(),
  as: text.optional(),
  differs: z.literal(true).optional(),
})

const flow = z
  .strictObject({
    ...common,
    event: flowEvent,
    node,
    verdict,
    dir: direction.optional(),
    src: endpoint,
    dst: endpoint,
    proto: z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .optional(),
    nat: z.strictObject({ dst: text.optional(), src: text.optional() }).optional(),
    why: why.optional(),
    egress: why.optional(),
    ingress: why.optional(),
    reported: reported.optional(),
    n: count,
    bytes: count.optional(),
    evidence,
    chain,
  })
  .refine(({ event, verdict }) => event === `flow.${verdict}`, 'the event names the verdict')
  .refine(({ verdict, why }) => (verdict === 'allowed') === (why === undefined), '`why` unless allowed')

const followUp = z.strictObject({
  ...common,
  event: flowEvent,
  of: id,
  n: count,
  last: time.optional(),
  chain,
})

const others = {
  'evidence.gap': z.strictObject({
    ...common,
    event: text,
    node,
    from: time.optional(),
    to: time.optional(),
    source,
    cause: text,
    lost: z.int().min(0).optional(),
    evidence: evidence.optional(),
    chain,
  }),
  'policy.changed': z.looseObject({
    ...common,
    policy: text,
    op: z.enum(['created', 'changed', 'deleted']),
    chain,
  }),
  'policy.enforced': z.looseObject({
    ...common,
    leaked: z.int().min(0),
    blocked: z.int().min(0),
    evidence: text,
    chain,
  }),
  'policy.unenforced': z.looseObject({ ...common, pending_s: z.number().min(0).optional(), chain }),
  'verdict.leak': z.looseObject({
    ...common,
    src: endpoint,
    dst: endpoint,
    n: count,
    of: id.optional(),
    chain,
  }),
  'verdict.overblock': z.looseObject({
    ...common,
    src: endpoint,
    dst: endpoint,
    n: count,
    of: id.optional(),
    chain,
  }),
  'agent.started': z.looseObject({
    ...common,
    version: text,
    config: text,
    sources: z.array(text),
    profile: text,
    chain,
  }),
  'agent.stopped': z.looseObject({ ...common, reason: text, chain }),
  'agent.degraded': z.looseObject({
    ...common,
    level: z.int().min(0).max(3),
    trigger: text.optional(),
    chain,
  }),
  'chain.checkpoint': z.looseObject({
    ...common,
    seq: z.int().min(0),
    hash: z.string(),
    records: z.int().min(0),
    chain,
  }),
} as const

/** What is wrong with a line of a segment; undefined where nothing is. */
export function wrongWith(line: string): string | undefined {
  const record = parsed(line)
  if (record === undefined) return 'no JSON object'
  if (hasNull(record)) return 'null where a field should be absent'
  const event = String(record.event)
  const schema = event.startsWith('flow.')
    ? 'of' in record
      ? followUp
      : flow
    : Object.hasOwn(others, event)
      ? others[event as keyof typeof others]
      : undefined
  if (schema === undefined) return `no such event: ${event}`
  const { error } = schema.safeParse(record)
  return error && z.prettifyError(error)
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function hasNull(value: unknown): boolean {
  if (value === null) return true
  return typeof value === 'object' && Object.values(value).some(hasNull)
}
