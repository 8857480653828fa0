// What holds where an operator says nothing. Plain data, so that commands which need no configuration load no schema; the schema takes
// its defaults from here.

export const DEFAULTS = {
  profile: 'auto',
  sources: 'auto',
  prefixes: {},
  host: { logDirectory: '/var/log', procDirectory: '/proc' },
  records: {
    directory: '/var/lib/culprit/records',
    segmentMebibytes: 16,
    segmentMinutes: 60,
    budgetMebibytes: 256,
    heldMebibytes: 8,
    checkpointSeconds: 60,
    allowed: 'count',
    externalAddresses: 'keep',
    externalPrefix: { ipv4: 24, ipv6: 48 },
  },
  output: { records: 'auto' },
  state: {},
  history: { minutes: 15 },
  limits: {},
  http: { listen: '0.0.0.0:9464', probesListen: '0.0.0.0:9465' },
  log: { level: 'info' },
} as const
