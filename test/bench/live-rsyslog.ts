// rsyslog as a follower: imfile to omfile, and with mmnormalize in between, which parses each denial. It counts nothing, so it writes
// one character for each line of the busy log, the least it can do. A package that is unpacked somewhere is found through
// RSYSLOGD (the program) and RSYSLOG_MODULES (the directory of its modules).

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mind } from './live-children.ts'
import { asLogged, type Follower, type Following, type Place } from './live-follower.ts'

const program = process.env.RSYSLOGD ?? 'rsyslogd'
const modules = process.env.RSYSLOG_MODULES
const isThere = spawnSync(program, ['-v']).status === 0
const missing = 'rsyslogd is not installed (Debian: rsyslog)'

/** The parser that liblognorm has for iptables' lines. */
const rules = `version=2
rule=:%time:word% %host:word% kernel: %action:word% %policy:word% %.:v2-iptables%
`

export const rsyslog: Follower = follower('rsyslog: imfile, omfile', false)
export const normalizing: Follower = follower('rsyslog: imfile, mmnormalize (v2-iptables), omfile', true)

function follower(name: string, isParsing: boolean): Follower {
  return { name, ...(!isThere && { missing }), start: place => start(place, isParsing) }
}

async function start(place: Place, isParsing: boolean): Promise<Following> {
  const marks = join(place.dir, 'busy.marks')
  const out = join(place.dir, 'denials.out')
  const config = join(place.dir, 'rsyslog.conf')
  writeFileSync(join(place.dir, 'rules.rb'), rules)
  writeFileSync(config, configuration(place, marks, out, isParsing))
  const args = ['-n', '-f', config, '-i', join(place.dir, 'rsyslog.pid')]
  const child = spawn(program, modules === undefined ? args : [...args, '-M', modules], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  mind(child)
  await ready(join(place.dir, 'rsyslog.pid'))
  return {
    pid: child.pid!,
    async lines() {
      return { busy: sizeOf(marks) / MARK, denials: isParsing ? sizeOf(out) / PARSED : linesOf(out) }
    },
    arrivals: () => (existsSync(out) ? out : undefined),
    pattern: isParsing ? /PORT=(\d+)/g : asLogged,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'close')
    },
  }
}

/** Bytes that stand for a line of the busy log, and for a denial that could be parsed. */
const MARK = '.\n'.length
const PARSED = 'PORT=80   \n'.length

function configuration(
  { dir, busy, denials }: Place,
  marks: string,
  out: string,
  isParsing: boolean,
): string {
  const written = isParsing
    ? `action(type="mmnormalize" rulebase="${join(dir, 'rules.rb')}" useRawMsg="off")
  if $!DPT != "" then action(type="omfile" file="${out}" template="parsed")`
    : `action(type="omfile" file="${out}" template="whole")`
  return `global(workDirectory="${dir}")
module(load="imfile" mode="inotify")
${isParsing ? 'module(load="mmnormalize")' : ''}
template(name="mark" type="string" string=".\\n")
template(name="whole" type="string" string="%msg%\\n")
template(name="parsed" type="list") {
  constant(value="PORT=")
  property(name="$!DPT" position.from="1" position.to="5" fixedwidth="on")
  constant(value="\\n")
}
ruleset(name="busy") { action(type="omfile" file="${marks}" template="mark") }
ruleset(name="denials") {
  ${written}
}
input(type="imfile" file="${busy}" tag="busy" ruleset="busy")
input(type="imfile" file="${denials}" tag="denials" ruleset="denials")
`
}

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'latin1').split('\n').length - 1 : 0
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0
}

async function ready(pidFile: string): Promise<void> {
  for (const end = Date.now() + 10_000; !existsSync(pidFile); await sleep(20))
    if (Date.now() > end) throw new Error('rsyslogd does not start')
  await sleep(1000)
}
