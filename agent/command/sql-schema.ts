// The columns of the view `records` for SQL (DESIGN section 7). They are given, not guessed, so that a field which no record of today has
// is NULL and no error.

const ENDPOINT =
  'STRUCT(ip VARCHAR, port UINTEGER, kind VARCHAR, ns VARCHAR, pod VARCHAR, uid VARCHAR, wl VARCHAR, svc VARCHAR, node VARCHAR, "as" VARCHAR)'

const POLICIES =
  'STRUCT(kind VARCHAR, ns VARCHAR, "name" VARCHAR, uid VARCHAR, gen INTEGER, role VARCHAR, rule VARCHAR)[]'

const NEAREST =
  'STRUCT("policy" VARCHAR, rule VARCHAR, failed VARCHAR, want VARCHAR, have VARCHAR, also STRUCT(failed VARCHAR, want VARCHAR, have VARCHAR)[])'

const CHANGED =
  'STRUCT("policy" VARCHAR, object VARCHAR, "at" TIMESTAMP, ago_s DOUBLE, gen INTEGER[], deleted BOOLEAN, "by" VARCHAR, what VARCHAR[], "with" JSON)'

const WHY = [
  'STRUCT(dir VARCHAR, reason VARCHAR, certainty VARCHAR, agreement VARCHAR',
  `policies ${POLICIES}`,
  `more BIGINT, nearest ${NEAREST}, fix JSON, changed ${CHANGED}`,
  'unsure VARCHAR[], "leftOut" VARCHAR[], other JSON)',
].join(', ')

export const sqlColumns: Readonly<Record<string, string>> = {
  v: 'UTINYINT',
  id: 'VARCHAR',
  // In UTC.
  ts: 'TIMESTAMP',
  event: 'VARCHAR',
  node: 'VARCHAR',
  verdict: 'VARCHAR',
  dir: 'VARCHAR',
  src: ENDPOINT,
  dst: ENDPOINT,
  proto: 'VARCHAR',
  nat: 'STRUCT(dst VARCHAR, src VARCHAR)',
  why: WHY,
  egress: WHY,
  ingress: WHY,
  reported: 'STRUCT("by" VARCHAR, verdict VARCHAR, policies VARCHAR[], "as" VARCHAR, differs BOOLEAN)',
  n: 'BIGINT',
  bytes: 'BIGINT',
  // A place, or a sentence (`policy.enforced`): told apart by the view.
  evidence: 'JSON',
  // Repeats: the id of the first record, and the time of the last packet.
  of: 'VARCHAR',
  last: 'TIMESTAMP',
  // evidence.gap
  from: 'TIMESTAMP',
  to: 'TIMESTAMP',
  source: 'VARCHAR',
  cause: 'VARCHAR',
  lost: 'BIGINT',
  // policy.*
  policy: 'VARCHAR',
  object: 'VARCHAR',
  op: 'VARCHAR',
  gen: 'JSON',
  by: 'VARCHAR',
  what: 'VARCHAR[]',
  deleted: 'BOOLEAN',
  at: 'TIMESTAMP',
  delay_s: 'DOUBLE[]',
  pending_s: 'DOUBLE',
  leaked: 'BIGINT',
  blocked: 'BIGINT',
  // verdict.leak, verdict.overblock
  since: 'TIMESTAMP',
  port: 'UINTEGER',
  // agent.*
  version: 'VARCHAR',
  config: 'VARCHAR',
  sources: 'JSON',
  profile: 'VARCHAR',
  reason: 'VARCHAR',
  level: 'UTINYINT',
  trigger: 'VARCHAR',
  // chain.checkpoint
  seq: 'BIGINT',
  hash: 'VARCHAR',
  records: 'BIGINT',
  chain: 'STRUCT(seq BIGINT, hash VARCHAR)',
}

/** `{'id': 'VARCHAR', ...}`, as `read_json` takes it. */
export function columnsText(): string {
  return `{${Object.entries(sqlColumns)
    .map(([name, type]) => `${textLiteral(name)}: ${textLiteral(type)}`)
    .join(', ')}}`
}

/** No record, in the same columns. */
export function noRecords(): string {
  const columns = Object.entries(sqlColumns).map(([name, type]) => `NULL::${type} AS "${name}"`)
  return `SELECT ${columns.join(', ')} WHERE false`
}

/** `evidence` as a place where it is one, else `evidence_text`. */
export function recordsView(rows: string): string {
  return `CREATE VIEW records AS SELECT * REPLACE (
    CASE WHEN json_type(evidence) = 'OBJECT' THEN from_json(evidence, '${EVIDENCE}') END AS evidence),
    CASE WHEN json_type(evidence) = 'VARCHAR' THEN evidence->>'$' END AS evidence_text
  FROM (${rows})`
}

const EVIDENCE = '{"source": "VARCHAR", "file": "VARCHAR", "offset": "BIGINT"}'

export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Verdicts alone: repeats have what their first record has. */
export const FLOWS_VIEW = `CREATE VIEW flows AS
  SELECT r.* REPLACE (
    coalesce(r.node, f.node) AS node, coalesce(r.verdict, f.verdict) AS verdict, coalesce(r.dir, f.dir) AS dir,
    coalesce(r.src, f.src) AS src, coalesce(r.dst, f.dst) AS dst, coalesce(r.proto, f.proto) AS proto,
    coalesce(r.nat, f.nat) AS nat, coalesce(r.why, f.why) AS why, coalesce(r.egress, f.egress) AS egress,
    coalesce(r.ingress, f.ingress) AS ingress)
  FROM records r LEFT JOIN records f ON r."of" = f.id AND f."of" IS NULL
  WHERE r.event LIKE 'flow.%'`
