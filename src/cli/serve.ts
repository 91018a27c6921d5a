import { resolve } from 'node:path'
import { EncoderError } from '../encoders/encoder.ts'
import { readConfigFile } from '../gateway/config.ts'
import { type RunningGateway, startGateway } from '../gateway/main.ts'
import { UntrainedPolicyError } from '../gateway/trained-start.ts'
import { ArtefactError, readArtefact } from '../store/artefact.ts'
import { type CommandSpec, commandHelp, parseArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { createLineWriter, type LineWriter } from './line-writer.ts'
import { openStore } from './open-store.ts'
import { readConfig } from './read-config.ts'
import { certificateRemarks } from './train/certification.ts'

const serveCommand: CommandSpec = {
  name: 'serve',
  summary: 'run the gateway',
  options: [
    { name: 'config', kind: 'text', value: 'FILE', default: 'plimsoll.yaml', meaning: 'the configuration' },
    {
      name: 'port',
      kind: 'count',
      value: 'N',
      meaning: 'main port instead of the configured one; 0: any free one',
    },
    { name: 'admin-port', kind: 'count', value: 'N', meaning: 'admin port instead of the configured one' },
    {
      name: 'store',
      kind: 'text',
      value: 'STORE',
      meaning: 'sqlite:FILE or memory:, instead of the configured one',
    },
    {
      name: 'artefact',
      kind: 'text',
      value: 'FILE',
      meaning: 'what plimsoll train wrote: classes with its policy start from it',
    },
  ],
  notes: [
    'SIGHUP reads the configuration again; a faulty one is refused and the old one stays.',
    'SIGTERM and SIGINT finish the requests under way, then stop; a second one stops at once.',
  ],
}

/** `plimsoll serve`: runs the gateway until it is told to stop. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(serveCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(serveCommand))
    return exitCodes.done
  }
  const path = given.text('config') ?? ''
  const port = portOf('port', given.number('port'))
  const adminPort = portOf('admin-port', given.number('admin-port'))
  const config = readConfig(path)
  const artefact = await artefactOf(given.text('artefact'))
  const storeName = given.text('store') ?? config.store
  const store = await openStore(storeName)
  const lines = createLineWriter()
  try {
    const gateway = await startGateway({
      config,
      store,
      log: lines.write,
      ...(port === undefined ? {} : { port }),
      ...(adminPort === undefined ? {} : { adminPort }),
      ...(artefact === undefined ? {} : { artefact }),
    }).catch(refusedStart)
    for (const remark of artefact?.remarks ?? []) lines.write(`${artefact?.file}: ${remark}`)
    lines.write(`plimsoll serves on ${gateway.url}, admin on ${gateway.adminUrl}, log in ${storeName}`)
    await untilStopped(gateway, path, lines)
    lines.write('plimsoll stopped: requests finished, log written, state saved')
  } finally {
    await store.close()
    lines.flush()
  }
  return exitCodes.done
}

function portOf(name: string, port: number | undefined): number | undefined {
  if (port !== undefined && port > 65_535)
    throw wrongUsage(`--${name} must be a port, 0 to 65535, but ${port} was given`)
  return port
}

async function artefactOf(file: string | undefined) {
  if (file === undefined) return undefined
  const trained = await readArtefact(file).catch(refusedStart)
  return { file, trained, remarks: certificateRemarks(trained) }
}

function refusedStart(error: unknown): never {
  if (error instanceof EncoderError)
    throw new CommandError(exitCodes.badConfiguration, `encoder: ${error.message}`, error)
  if (error instanceof UntrainedPolicyError)
    throw new CommandError(exitCodes.badConfiguration, error.message, error)
  if (error instanceof ArtefactError) throw new CommandError(exitCodes.badData, error.message, error)
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL')
    throw new CommandError(
      exitCodes.failed,
      `${error instanceof Error ? error.message : ''}: choose another port with --port, --admin-port or listen`,
      error,
    )
  throw error
}

/** Resolves once the gateway has been told to stop and has stopped. */
function untilStopped(gateway: RunningGateway, path: string, lines: LineWriter): Promise<void> {
  return new Promise((done, fail) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) {
        lines.flush()
        process.exit(exitCodes.failed)
      }
      stopping = true
      process.off('SIGHUP', reload)
      gateway.close().then(done, fail)
    }
    const reload = (): void => reloadConfig(gateway, path, lines)
    process.on('SIGHUP', reload)
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

function reloadConfig(gateway: RunningGateway, path: string, lines: LineWriter): void {
  const refused = (why: string): void =>
    lines.write(`configuration refused, the old one stays in force: ${why}`)
  const result = readConfigFile(resolve(path), process.env)
  if (!result.ok) {
    refused(result.faults.map(fault => `${fault.path}: ${fault.message}`).join('; '))
    return
  }
  gateway.reload(result.config).then(
    () => lines.write(`configuration of ${path} is in force`),
    (error: unknown) => refused(error instanceof Error ? error.message : String(error)),
  )
}
