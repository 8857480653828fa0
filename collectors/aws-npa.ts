// aws-npa: the policy events of the AWS network policy agent, /var/log/aws-routed-eni/network-policy-agent.log. Grammar:
// aws-network-policy-agent pkg/ebpf/events/events.go at each release.
//
//   {"level":"info","ts":"…","logger":"ebpf-client","msg":"Flow Info: ","Src IP":"…","Src Port":1,"Dest IP":"…",…}    to v1.2.1
//   {…,"msg":"Flow Info: Src IP: … Src Port: 1 Dest IP: … Dest Port: 2 Proto TCP Verdict DENY Direction egress"}      v1.2.2
//   {…,"msg":"Flow Info: … Direction egress, Tier NETWORK_POLICY"}       IPv6: `Proto: TCP Verdict: DENY Direction: egress Tier: …`
//   Node: n;SIP: …;SPORT: 1;DIP: …;DPORT: 2;PROTOCOL: TCP;PolicyVerdict: DENY;Tier: DEFAULT                     CloudWatch
//
// The agent names no policy, only the tier that decided. It says nothing of its packets' flags.

import { type AwsEvent, conclude } from './aws-npa-event.ts'
import { asciiBytes, find, isDigit } from './bytes.ts'
import { type Clock, createClock, scanIso } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, resetFlow } from './flow.ts'
import { OPEN_BRACE } from './json.ts'
import { type Json, parseObject, takeTime, textIn } from './json-object.ts'

const MARK = asciiBytes('Flow Info:')
const CLOUDWATCH = asciiBytes(';PolicyVerdict: ')
const SIP = asciiBytes('SIP: ')

const decoder = new TextDecoder()

interface Reader {
  readonly clock: Clock
  /** Lines of this source that are not JSON have said their tier: one without it has been cut. */
  hasTier: boolean
}

function createAwsNpa(options: CollectorOptions): Collector {
  const reader: Reader = {
    clock: createClock(options.zone, options.year),
    hasTier: false,
  }
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1]! <= 32) end--
      const mark = find(bytes, start, end, MARK)
      if (bytes[start] === OPEN_BRACE)
        return mark < 0 ? Outcome.foreign : readJson(bytes, start, end, flow, reader)
      if (mark >= 0) return readText(bytes, start, mark, end, flow, reader)
      const sip = find(bytes, start, end, CLOUDWATCH) < 0 ? -1 : find(bytes, start, end, SIP)
      return sip < 0 ? Outcome.foreign : readText(bytes, start, sip, end, flow, reader)
    },
  }
}

function readJson(bytes: Uint8Array, start: number, end: number, flow: Flow, reader: Reader): Outcome {
  const object = parseObject(bytes, start, end)
  if (object === undefined) return Outcome.malformed
  const message = textIn(object.msg ?? object.message)
  if (!message.startsWith('Flow Info:')) return Outcome.foreign
  resetFlow(flow)
  const stamp = object.ts ?? object.timestamp ?? object.time
  if (stamp !== undefined && !takeTime(stamp, flow, reader.clock)) return Outcome.malformed
  return conclude(typeof object['Src IP'] === 'string' ? fromMembers(object) : fromText(message), flow)
}

function fromMembers(object: Json): AwsEvent {
  return {
    source: textIn(object['Src IP']),
    destination: textIn(object['Dest IP']),
    sport: object['Src Port'],
    dport: object['Dest Port'],
    proto: textIn(object.Proto),
    verdict: textIn(object.Verdict),
    direction: textIn(object.Direction),
    tier: textIn(object.Tier),
    policy: '',
  }
}

/** A line that is not JSON: what follows the mark, or CloudWatch's form; its own stamp, if any, comes first. */
function readText(
  bytes: Uint8Array,
  start: number,
  mark: number,
  end: number,
  flow: Flow,
  reader: Reader,
): Outcome {
  resetFlow(flow)
  if (isDigit(bytes[start]!) && scanIso(bytes, start, reader.clock) > 0) {
    flow.time = reader.clock.time
    flow.precision = reader.clock.precision
  }
  const text = decoder.decode(bytes.subarray(mark, end))
  const event = text.startsWith('SIP') ? fromCloudWatch(text) : fromText(text)
  if (event.tier !== '') reader.hasTier = true
  const isCut = reader.hasTier ? !tiers.has(event.tier) : event.tier !== '' && !tiers.has(event.tier)
  return isCut ? Outcome.malformed : conclude(event, flow)
}

const tiers = new Set(['ADMIN', 'NETWORK_POLICY', 'BASELINE', 'DEFAULT', 'ERROR'])

/** The value behind the name, with or without a colon, up to the next name that is there. */
function fromText(text: string): AwsEvent {
  const value = (name: string, next: string): string => {
    const at = text.indexOf(` ${name}`)
    if (at < 0) return ''
    const from = text.startsWith(': ', at + name.length + 1) ? at + name.length + 3 : at + name.length + 2
    const end = next === '' ? -1 : text.indexOf(` ${next}`, from)
    return text.slice(from, end < 0 ? undefined : end)
  }
  const hasTier = text.includes(' Tier')
  const direction = value('Direction', hasTier ? 'Tier' : '')
  return {
    source: value('Src IP', 'Src Port'),
    sport: value('Src Port', 'Dest IP'),
    destination: value('Dest IP', 'Dest Port'),
    dport: value('Dest Port', 'Proto'),
    proto: value('Proto', 'Verdict'),
    verdict: value('Verdict', 'Direction'),
    // This form has always had one: without it the line has been cut.
    direction: wordIn(direction) || '-',
    tier: wordIn(value('Tier', '')),
    policy: '',
  }
}

/** The first word, without what separates it from the next. */
function wordIn(text: string): string {
  return /^\w+/.exec(text)?.[0] ?? ''
}

/** `KEY: value` with semicolons between them, in any order. */
function fromCloudWatch(text: string): AwsEvent {
  const members = new Map(text.split(';').map(part => pairIn(part)))
  const name = members.get('PolicyName') ?? ''
  const ns = members.get('PolicyNamespace') ?? ''
  return {
    source: members.get('SIP') ?? '',
    sport: members.get('SPORT'),
    destination: members.get('DIP') ?? '',
    dport: members.get('DPORT'),
    proto: members.get('PROTOCOL') ?? '',
    verdict: members.get('PolicyVerdict') ?? '',
    direction: members.get('Direction') ?? '',
    tier: members.get('Tier') ?? '',
    policy: name === '' || ns === '' ? '' : `${ns}/${name}`,
  }
}

function pairIn(part: string): [string, string] {
  const colon = part.indexOf(': ')
  return colon < 0 ? [part, ''] : [part.slice(0, colon).trim(), part.slice(colon + 2).trim()]
}

export const awsNpa: Format = {
  name: 'aws-npa',
  claims: ['allowed', 'denied'],
  marker: '`Flow Info:`, or `;PolicyVerdict: ` with `SIP: `',
  create: createAwsNpa,
}
