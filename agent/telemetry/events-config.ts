// Events of the configuration and of the manifests.

import type { AgentEvents } from './events.ts'
import type { Families } from './registry.ts'
import { count, type SaySomething } from './say.ts'

type ConfigEvents = Pick<
  AgentEvents,
  | 'configReloaded'
  | 'configRefused'
  | 'configNeedsRestart'
  | 'manifestsRead'
  | 'manifestsRefused'
  | 'clusterDoubtful'
>

export function configEvents(say: SaySomething, families: Families, now: () => number): ConfigEvents {
  function seen(outcome: 'taken' | 'refused'): void {
    families.family('culprit_config_reloads_total').series(outcome).add(1)
    families
      .family('culprit_config_last_reload_successful')
      .series()
      .set(outcome === 'taken' ? 1 : 0)
  }

  return {
    configReloaded({ hash, keys }) {
      seen('taken')
      const what = keys.length === 0 ? 'nothing of it changed' : `changed: ${keys.join(', ')}`
      const sentence = `the configuration was read again (${hash}), ${what}`
      say({ event: 'config_reloaded', level: 'info', subject: hash, fields: { hash, keys }, sentence })
    },
    configRefused({ problems }) {
      seen('refused')
      const sentence = `the edited configuration is refused, the last good one goes on: ${problems.join('; ')}`
      say({
        event: 'config_refused',
        level: 'error',
        subject: problems.join(),
        fields: { problems },
        sentence,
      })
    },
    configNeedsRestart({ keys }) {
      const sentence = `the edited configuration needs a restart for: ${keys.join(', ')}`
      say({ event: 'config_needs_restart', level: 'warn', subject: keys.join(), fields: { keys }, sentence })
    },
    manifestsRead({ objects }) {
      families.family('culprit_cache_objects').series('manifests').set(objects)
      families
        .family('culprit_watch_last_event_timestamp_seconds')
        .series('manifests')
        .set(now() / 1000)
      const sentence = `read ${count(objects, 'object')} from the manifests`
      say({ event: 'manifests_read', level: 'info', subject: undefined, fields: { objects }, sentence })
    },
    manifestsRefused({ text }) {
      families.family('culprit_watch_restarts_total').series('manifests', 'refused').add(1)
      say({ event: 'manifests_refused', level: 'error', subject: text, fields: { text }, sentence: text })
    },
    clusterDoubtful({ text }) {
      say({ event: 'cluster_doubtful', level: 'warn', subject: text, fields: { text }, sentence: text })
    },
  }
}
