// What an operator says of a log of his own (`custom:` in the configuration; agent/config.ts checks it): which fields of a line are
// what of a flow. Plain data.

export type VerdictWord = 'allowed' | 'denied' | 'rejected' | 'audited' | 'none'
export type DirectionWord = 'egress' | 'ingress'

/** The name of a field: a path of JSON (`flow.src.ip`, `hits[0].name`), a key of `key=value`, a column. */
export type Field = string

/** A word of the line, and what it means; `otherwise` for words that are not listed and lines without the field. */
export interface Words<T> {
  readonly field: Field
  readonly words: Readonly<Record<string, T>>
  readonly otherwise?: T | undefined
}

/** What holds for every line. */
export interface Always<T> {
  readonly always: T
}

export interface EndMapping {
  readonly address: Field
  readonly port?: Field | undefined
}

export interface TranslatedEnd {
  readonly address?: Field | undefined
  readonly port?: Field | undefined
}

export interface Mapping {
  /** `json`: an object a line; `pairs`: `key=value` words; `csv`: columns. */
  readonly lines: 'json' | 'pairs' | 'csv'
  /** Lines without this text are foreign. */
  readonly marker?: string | undefined
  /** Lines whose fields have another value are foreign. */
  readonly only?: Readonly<Record<Field, string | readonly string[]>> | undefined
  /** csv: their names; absent where the first line is a header that names them. */
  readonly columns?: readonly string[] | undefined
  /** csv: one character, a comma by default. */
  readonly separator?: string | undefined
  readonly time?:
    | {
        readonly field: Field
        /** A name (custom-time.ts) or a pattern such as `%Y-%m-%d %H:%M:%S`. */
        readonly format: string
        /** For rows that sum up a stretch of time: its end. */
        readonly end?: Field | undefined
      }
    | undefined
  readonly verdict: Words<VerdictWord> | Always<VerdictWord>
  readonly source: EndMapping
  readonly destination: EndMapping
  readonly protocol?: Field | Always<string> | undefined
  readonly direction?: Words<DirectionWord> | Always<DirectionWord> | undefined
  /** Whether the packet is a reply; `always: false` where every line's source opened the connection. */
  readonly reply?: Words<boolean> | Always<boolean> | undefined
  /** Names (`SYN,ACK`), letters (`SA`) or the number. */
  readonly flags?: Field | undefined
  readonly icmp?: { readonly type: Field; readonly code?: Field | undefined } | undefined
  /** The ends after NAT, as far as they differ. */
  readonly translated?:
    | { readonly source?: TranslatedEnd | undefined; readonly destination?: TranslatedEnd | undefined }
    | undefined
  readonly packets?: Field | undefined
  readonly bytes?: Field | undefined
  /** How many packets or connections the line stands for. */
  readonly count?: Field | undefined
  readonly interfaces?: { readonly in?: Field | undefined; readonly out?: Field | undefined } | undefined
  /** What the producer itself names. */
  readonly reported?:
    | {
        /** Who says so, `custom` by default. */
        readonly by?: string | undefined
        /** `ns/name` or a name; in JSON also a list of them. */
        readonly policy?: Field | undefined
        readonly namespace?: Field | undefined
        readonly kind?: Field | undefined
        /** The producer's own words. */
        readonly words?: Field | undefined
      }
    | undefined
}
