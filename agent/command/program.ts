// The command line: every command's options and help, and the exit codes of DESIGN section 8. A command's code is loaded when it
// is called, so that `--help` and every other command start without it.

import { Command, CommanderError, Option } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { withoutControl } from '../forensics/printable.ts'
import { UsageError, WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { profileOption } from './profile-option.ts'

const DONE = 0
const FAILED = 1
const WRONG_CALL = 2

/** Runs one command to its end and gives the exit code: 0 done, 1 it could not do its work, 2 the call is wrong. */
export async function runProgram(argv: readonly string[], outside: Io): Promise<number> {
  // Everything that goes to a person's terminal from here on may quote names that somebody else chose.
  const io: Io = { ...outside, stderr: text => outside.stderr(withoutControl(text)) }
  let exitCode: number = DONE
  const program = createProgram(io, code => {
    exitCode = code
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, io)
  }
}

function createProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command('culprit')
    .description('Which NetworkPolicy dropped or allowed this packet, and why')
    .showHelpAfterError('(culprit --help lists the commands, culprit COMMAND --help their options)')
    .version(manifest.version, '-V, --version')
    .configureOutput({
      writeOut: text => void io.stdout(text),
      writeErr: io.stderr,
      outputError: (text, write) => write(text.replace(/^error: /, 'culprit: ')),
    })
    .exitOverride()
  addAgent(program, io)
  addQuickstart(program, io)
  addReplay(program, io)
  addEvaluate(program, io, exit)
  addWhy(program, io)
  addQuery(program, io)
  addVerify(program, io, exit)
  addCheck(program, io, exit)
  // Each command inherits the settings it was created under, so they are set before any is added.
  return program
}

function addAgent(program: Command, io: Io): void {
  program
    .command('agent')
    .description(
      "follows this node's logs and connections, and tells which policy denied or allowed each packet",
    )
    .option('--config <file>', 'the configuration (YAML); without it sources are found by themselves')
    .option(
      '--print-config',
      'prints every setting with its value, its meaning and where it comes from, and ends',
    )
    .addHelpText(
      'after',
      '\nRuns until SIGTERM or Ctrl-C. Records go to standard output and into records.directory.\nExit codes: 0 stopped, 1 it could not start, 2 the call or the configuration is wrong.',
    )
    .action(async options => (await import('./agent.ts')).runAgent(options, io))
}

function addQuickstart(program: Command, io: Io): void {
  program
    .command('quickstart')
    .description(
      'a small shop with real mistakes in its policies, live: on real packets as root on Linux, else from a recording',
    )
    .option('--recording', 'use the recording even where real packets would work')
    .addOption(
      new Option(
        '--output <form>',
        'lines for people, json for programs (default: lines on a terminal)',
      ).choices(['lines', 'json']),
    )
    .addHelpText('after', '\nRuns until Ctrl-C and leaves nothing behind.')
    .action(async options => (await import('./quickstart.ts')).runQuickstart(options, io))
}

function addReplay(program: Command, io: Io): void {
  program
    .command('replay')
    .description(
      'finished logs over a recorded or described cluster: records to standard output, a summary to standard error',
    )
    .requiredOption('--world <path>', 'manifests (YAML, JSON) and timelines (*.jsonl): a file or a directory')
    .requiredOption(
      '--log <format:file...>',
      'FORMAT[,zone=ZONE][,year=YEAR][,verdict=PREFIX=WORD]:FILE, FILE - for standard input; repeatable; FORMAT is one of those in docs/formats, custom or auto',
    )
    .option(
      '--node <name>',
      'see with the eyes of this node: only its pods are subjects (default: all nodes)',
    )
    .addOption(profileOption())
    .addOption(
      new Option('--allowed <records>', 'count allowed flows, or write a record of each')
        .choices(['count', 'full'])
        .default('count'),
    )
    .addOption(new Option('--fold <switch>', 'fold repeats into counts').choices(['on', 'off']).default('on'))
    .addOption(
      new Option('--output <form>', 'json for programs, or lines for people')
        .choices(['json', 'lines'])
        .default('json'),
    )
    .option('--config <file>', 'the configuration (YAML), for its mapping of the FORMAT custom')
    .option(
      '--records <dir>',
      'keep the records there as well, in segments with a chain, for query and verify',
    )
    .addOption(new Option('--stats <form>', 'figures of the run on standard error').choices(['json']))
    .action(async options => (await import('./replay.ts')).runReplay(options, io))
}

function addEvaluate(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command('evaluate')
    .description('verdict, responsible policies and nearest miss of each probe, one JSON line each')
    .option('--world <path>', 'manifests (YAML, JSON) and timelines (*.jsonl): a file or a directory')
    .option(
      '--probes <file>',
      'JSON lines {"id","from":"ns/pod or IP","to","port","protocol"}, - for standard input',
    )
    .option(
      '--cases <file>',
      'a JSON array of cases that bring their own worlds and expectations; exit code 1 when one differs',
    )
    .addOption(profileOption())
    .option(
      '--explain',
      'also the smallest edit that would allow each denied direction, and the change that denied it',
    )
    .addOption(new Option('--stats <form>', 'figures of the run on standard error').choices(['json']))
    .action(async options => exit(await (await import('./evaluate.ts')).runEvaluate(options, io)))
}

function addWhy(program: Command, io: Io): void {
  program
    .command('why')
    .description(
      'tells a person why FROM can or cannot reach TO: from records or logs, else from the policies alone',
    )
    .argument('<from>', 'ns/pod, ns/workload, ns/service, ns/Kind/name, or an address')
    .argument('<to>', 'the same')
    .option('--records <dir>', 'records at rest; the timeline beside them is the state of the cluster')
    .option(
      '--agent <url>',
      "an agent's port, such as http://127.0.0.1:9464: it answers from its own records",
    )
    .option('--world <path>', 'manifests (YAML, JSON) and timelines (*.jsonl): a file or a directory')
    .option(
      '--log <format:file...>',
      'as replay reads them; repeatable. The latest record between the two is explained (default: no log, computed from the policies)',
    )
    .option('--config <file>', 'the configuration (YAML), for its mapping of the FORMAT custom')
    .option('--port <number>', 'of TO (default: any in the logs; else the only one that TO declares)')
    .option('--protocol <name>', 'TCP, UDP, SCTP, ICMP ... (default: any in the logs; else what TO declares)')
    .option('--at <time>', 'the latest at or before it, such as 2026-11-22T14:41:02Z (default: the latest)')
    .option(
      '--node <name>',
      'see with the eyes of this node: only its pods are subjects (default: all nodes)',
    )
    .addOption(profileOption())
    .addOption(
      new Option('--output <form>', 'text for people, json for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nAn edit that it proposes is to be read first; its command only tries it (--dry-run=server).\nExit codes: 0 answered, 1 could not, 2 the call is wrong.',
    )
    .action(async (from, to, options) => (await import('./why.ts')).runWhy(from, to, options, io))
}

function addQuery(program: Command, io: Io): void {
  program
    .command('query')
    .description('searches records, and counts them: who talks to whom, what a policy denies')
    .option('--records <dir>', 'segments, or any *.jsonl, *.jsonl.zst, *.jsonl.gz: a directory or a file')
    .option('--agent <url>', 'or the records that an agent keeps: its port, such as http://127.0.0.1:9464')
    .option('--since <time>', 'a time such as 2026-11-22T14:41:02Z, or how long ago, such as 90m, 2h, 7d')
    .option('--until <time>', 'the same')
    .option('--verdict <word...>', 'allowed denied rejected audited unanswered')
    .option('--from <end...>', 'ns, ns/pod, ns/workload, ns/service, ns/Kind/name, an address or a CIDR')
    .option('--to <end...>', 'the same')
    .option('--port <number...>', 'of the destination')
    .option('--policy <name...>', 'ns/name, ns/*, or Kind/name: that decided, or that changed')
    .option('--event <name...>', 'flow.denied, policy.changed, evidence.gap ..., or policy.*')
    .option('--group-by <key...>', 'counts by from to pod namespace policy port verdict event reason node')
    .option('--follow', 'goes on with what comes, until Ctrl-C')
    .option(
      '--sql <query>',
      "in place of all of these: 'SELECT why.reason, sum(n) FROM flows GROUP BY ALL', with DuckDB (npm install @duckdb/node-api)",
    )
    .addOption(
      new Option(
        '--output <form>',
        'table for people, json or csv for programs (default: table on a terminal)',
      ).choices(['table', 'json', 'csv']),
    )
    .addHelpText(
      'after',
      '\nEach of the filters may be a list (a,b) and may be repeated; all together have to hold.\nSQL has two views: records, as they were written, and flows, in which repeats say of what.\nExit codes: 0 searched, 1 could not, 2 the call is wrong.',
    )
    .action(async options => (await import('./query.ts')).runQuery(options, io))
}

function addVerify(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command('verify')
    .description('is every record of these segments as it was written, and are all there')
    .argument('<dir>', 'a directory of segments')
    .option('--witness <seq:hash>', 'a checkpoint that was kept elsewhere: the chain has to hold it')
    .addHelpText('after', '\nExit codes: 0 the chain is whole, 1 it is not, 2 the call is wrong.')
    .action(async (dir, options) => exit(await (await import('./verify.ts')).runVerify(dir, options, io)))
}

function addCheck(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command('check')
    .description('is what you have set up right: the configuration, and what each line of a log is read as')
    .option('--config <file>', 'the configuration (YAML)')
    .option(
      '--format <format:file>',
      'reads FILE as replay --log would, and shows what its lines are; exit code 1 when none is a packet or connection',
    )
    .action(async options => exit(await (await import('./check.ts')).runCheck(options, io)))
}

/** Says on standard error what went wrong; a fault of our own comes with its stack, so that it can be reported. */
function report(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_CALL
  io.stderr(`culprit: ${explain(error)}\n`)
  return error instanceof UsageError ? WRONG_CALL : FAILED
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof UsageError || error instanceof WorkError) return error.message
  // The system said no (a full disk, a folder that may not be read, damaged compression): its word is enough.
  if ('code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_'))
    return error.message
  if (error instanceof RangeError && /call stack/.test(error.message))
    return 'Cannot read the world: it is nested too deeply'
  return `this is a fault in culprit, please report it: ${error.stack ?? error.message}`
}
