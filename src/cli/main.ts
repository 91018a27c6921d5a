import { nearestName } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { packageVersion } from './version.ts'

/** What a command's module exports: it runs to its end and says how it ended. */
interface Command {
  run(args: readonly string[]): Promise<number>
}

interface CommandEntry {
  readonly summary: string
  /** Loaded only when called: no command pays for another's imports. */
  readonly load: () => Promise<Command>
}

const commands: Readonly<Record<string, CommandEntry>> = {
  demo: {
    summary: 'watch a promise being kept: simulated models and users, real HTTP',
    load: () => import('./demo.ts'),
  },
  serve: { summary: 'run the gateway', load: () => import('./serve.ts') },
  replay: { summary: 'run a policy online over a recorded trace', load: () => import('./replay.ts') },
  evaluate: {
    summary: 'train policies on one part of a trace and compare them on the other',
    load: () => import('./evaluate.ts'),
  },
  train: { summary: 'train a policy and keep it as a file', load: () => import('./train.ts') },
  validate: { summary: 'check a configuration', load: () => import('./validate.ts') },
  explain: { summary: 'show why a request went where it went', load: () => import('./explain.ts') },
  sla: { summary: 'show how the promises stand', load: () => import('./sla.ts') },
  data: { summary: 'turn a published data set into a trace', load: () => import('./data.ts') },
}

/** Runs one command line and gives its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined) return fail(wrongUsage('no command given; plimsoll --help lists them'), 'plimsoll')
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    process.stdout.write(overview())
    return exitCodes.done
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${packageVersion()}\n`)
    return exitCodes.done
  }
  if (name === 'help') return main([...rest, '--help'])
  const command = commands[name]
  if (command === undefined || !Object.hasOwn(commands, name)) return fail(unknownCommand(name), 'plimsoll')
  try {
    return await (await command.load()).run(rest)
  } catch (error) {
    return fail(error, `plimsoll ${name}`)
  }
}

function unknownCommand(name: string): CommandError {
  const nearest = nearestName(name, Object.keys(commands))
  const hint = nearest === undefined ? 'see plimsoll --help' : `did you mean ${nearest}?`
  return wrongUsage(
    name.startsWith('-') ? `unknown option ${name}; ${hint}` : `unknown command '${name}'; ${hint}`,
  )
}

function fail(error: unknown, prefix: string): number {
  if (error instanceof CommandError) {
    process.stderr.write(`${prefix}: ${error.message}\n`)
    return error.exitCode
  }
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${prefix}: unexpected failure: ${told}\n`)
  return exitCodes.failed
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(([name, entry]) => `  ${name.padEnd(width)}  ${entry.summary}`)
  return [
    'plimsoll: routes every request to the cheapest model that keeps the promised satisfaction.',
    '',
    'Commands:',
    ...lines,
    '',
    'plimsoll COMMAND --help shows the options of one command; plimsoll --version the version.',
    'Exit codes: 0 done, 1 failed, 64 wrong usage, 65 bad data, 78 bad configuration.',
    '',
  ].join('\n')
}

// Whoever reads our output may stop early (`| head`): that is an end, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done)
  process.stderr.write(`plimsoll: standard output cannot be written: ${error.message}\n`)
  process.exit(exitCodes.failed)
})

if (process.channel !== undefined && process.channel !== null) {
  // The launcher's channel closes when the launcher dies in any way, SIGKILL included; nothing may outlive it.
  process.on('disconnect', () => process.exit(exitCodes.failed))
  process.channel.unref()
}

process.exitCode = await main(process.argv.slice(2))
