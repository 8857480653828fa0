// Sends the denials of some pods to ulogd instead of the kernel's log.

import { compileRules } from '../../agent/quickstart/enforce.ts'
import type { Shop, ShopPolicy } from '../../agent/quickstart/shop.ts'
import { logPathOf } from './live-world.ts'
import { groups } from './ulogd.ts'

const denial = /log prefix "(\S+ (\w+)\/\S+) "/g

/** The rules of the quickstart's enforcer, each denial logged by the way of its pod's namespace. */
export function rulesFor(shop: Shop, policies?: readonly ShopPolicy[]): string {
  return compileRules(shop, policies).replaceAll(denial, (whole, prefix: string, namespace: string) => {
    const path = logPathOf[namespace]
    if (path === undefined || path === 'kmsg') return whole
    return `log prefix "${prefix}" group ${groups[path]} queue-threshold 1`
  })
}
