// The small pools that worlds are drawn from: values that meet, and nearly meet, all the time.

export const labelValues: Readonly<Record<string, readonly string[]>> = {
  app: ['api', 'cart', 'db'],
  tier: ['front', 'back', ''],
  role: ['old', 'new'],
  // Keys that every JavaScript object seems to have.
  constructor: ['x', ''],
  toString: ['x'],
}
export const namespaceLabelValues: Readonly<Record<string, readonly string[]>> = {
  team: ['blue', 'red', ''],
  env: ['prod', 'dev'],
  app: ['api', 'cart'],
}
export const nodeLabelValues: Readonly<Record<string, readonly string[]>> = {
  zone: ['a', 'b', ''],
  pool: ['edge', 'gpu'],
}
export const domainNames = [
  'example.org',
  'www.example.org',
  'a.b.example.org',
  'example.com',
  'notexample.org',
]
export const namespaceNames = ['default', 'shop', 'data', 'shop-b', 'constructor']
export const portNames = ['http', 'dns', 'metrics', 'constructor']
export const portNumbers = [53, 80, 443, 5432, 8080]
export const externals = [
  '203.0.113.10',
  '203.0.113.77',
  '198.51.100.7',
  '10.99.0.1',
  '2001:db8:1::10',
  '2001:db8:2::1',
]

/** A key like `constructor`, which a careless look-up finds in every object. */
export function isInherited(key: string): boolean {
  return key in Object.prototype
}
