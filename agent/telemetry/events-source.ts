// Events of sources and of the evidence they bring.

import type { AgentEvents } from './events.ts'
import { gapLabels } from './gap-labels.ts'
import type { Families } from './registry.ts'
import type { SaySomething } from './say.ts'

type SourceEvents = Pick<
  AgentEvents,
  'sourceOpened' | 'sourceTrouble' | 'sourceRecovered' | 'sourceNotFound' | 'gap'
>

export function sourceEvents(say: SaySomething, families: Families): SourceEvents {
  /** Sources of one format by name, and whether each is well: the format is up when all of them are. */
  const wellness = new Map<string, Map<string, boolean>>()

  function isWell(source: string, name: string, well: boolean): void {
    const ofFormat = wellness.get(source) ?? new Map<string, boolean>()
    wellness.set(source, ofFormat.set(name, well))
    const up = [...ofFormat.values()].every(Boolean)
    families
      .family('culprit_source_up')
      .series(source)
      .set(up ? 1 : 0)
  }

  return {
    sourceOpened({ source, name }) {
      isWell(source, name, true)
      const sentence = `reading ${source} from ${name}`
      say({
        event: 'source_opened',
        level: 'info',
        subject: `${source} ${name}`,
        fields: { source, name },
        sentence,
      })
    },
    sourceTrouble({ source, name, text }) {
      isWell(source, name, false)
      const fields = { source, name, text }
      say({ event: 'source_trouble', level: 'warn', subject: `${source} ${name}`, fields, sentence: text })
    },
    sourceRecovered({ source, name }) {
      isWell(source, name, true)
      const sentence = `${name} is read again`
      say({
        event: 'source_recovered',
        level: 'info',
        subject: `${source} ${name}`,
        fields: { source, name },
        sentence,
      })
    },
    sourceNotFound({ text }) {
      say({ event: 'source_not_found', level: 'info', subject: text, fields: { text }, sentence: text })
    },
    gap({ source, cause, lost, stage: given }) {
      const { stage, label } = gapLabels(cause, given)
      families
        .family('culprit_events_lost_total')
        .series(source, stage, label)
        .add(lost ?? 1)
      families
        .family('culprit_evidence_gaps_total')
        .series(source, lost === undefined ? 'unknown' : 'counted')
        .add(1)
      if (label === 'rotated') families.family('culprit_source_rotations_total').series(source, 'gap').add(1)
      const known =
        lost === undefined
          ? 'an unknown number of events was'
          : lost === 1
            ? '1 event was'
            : `${lost} events were`
      const sentence = `evidence of ${source} is missing: ${cause}; ${known} lost`
      say({
        event: 'gap',
        level: 'warn',
        subject: `${source} ${label}`,
        fields: { source, cause, ...(lost !== undefined && { lost }) },
        sentence,
      })
    },
  }
}
