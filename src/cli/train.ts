import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { EncoderSpec } from '../encoders/open-encoder.ts'
import type { PreparedTrace } from '../lab/prepare-trace.ts'
import { readTrace, TraceError } from '../lab/read-trace.ts'
import type { CalibrationSplit } from '../lab/train/calibration-split.ts'
import { traceFingerprint } from '../lab/train/trace-fingerprint.ts'
import { allParameters } from '../routing/policies/trained-policy.ts'
import { type Artefact, writeArtefact } from '../store/artefact.ts'
import { commandHelp, type ParsedArguments, parseArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { policyParameters } from './policy-parameters.ts'
import { openPreparer, readEncoderSpec } from './trace-preparer.ts'
import { type CertificationRequest, certified, keepApart, readCertification } from './train/certification.ts'
import { trainCommand } from './train/options.ts'
import { runTraining } from './train/run-training.ts'
import { type TrainingResult, trainingJson, trainingTable } from './train/table.ts'
import { packageVersion } from './version.ts'

/** What the command line asks for. */
interface TrainRequest {
  readonly tracePath: string
  readonly outPath: string
  readonly policy: string
  /** Of every parameter. */
  readonly parameters: Readonly<Record<string, number>>
  readonly satisfiedAt: number | null
  readonly seed: number | null
  readonly encoder: EncoderSpec | null
  /** `null`: nothing is certified, and all rows are trained on. */
  readonly certification: CertificationRequest | null
}

/** `plimsoll train`: trains a policy on the rows of a trace and writes it as an artefact. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(trainCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(trainCommand))
    return exitCodes.done
  }
  const request = readTrainRequest(given)
  const tell = stopwatch()
  const prepared = await prepare(request)
  const { rows, models } = prepared.trace
  checkPolicyModel(request.policy, models)
  tell(`read ${rows.length} rows of ${models.length} models; training ${request.policy}`)
  const startedMs = performance.now()
  const split = request.certification && keepApart(request.certification, prepared, request.seed)
  const trained = await train(request, prepared, split)
  const seconds = secondsSince(startedMs)
  tell(`trained in ${seconds.toFixed(1)} s`)
  const artefact =
    request.certification === null || split === null
      ? trained
      : certified(request.certification, { artefact: trained, prepared, split })
  const bytes = await write(request.outPath, artefact)
  const result: TrainingResult = { artefact, path: request.outPath, bytes, seconds }
  process.stdout.write(given.flag('json') ? `${trainingJson(result)}\n` : trainingTable(result))
  return exitCodes.done
}

function readTrainRequest(given: ParsedArguments): TrainRequest {
  const satisfiedAt = given.number('satisfied-at') ?? null
  if (satisfiedAt !== null && !(satisfiedAt > 0 && satisfiedAt <= 1)) {
    throw wrongUsage(`--satisfied-at must lie above 0 and not above 1, but ${satisfiedAt} was given`)
  }
  const [tracePath, outPath] = [given.text('trace') ?? '', given.text('out') ?? '']
  if (resolve(tracePath) === resolve(outPath))
    throw wrongUsage(`--out would overwrite the trace ${tracePath}`)
  checkWritable(outPath)
  const policy = given.text('policy') ?? ''
  if (policy === 'oracle') {
    throw wrongUsage('--policy oracle: it sees the labels and learns nothing; train a policy')
  }
  return {
    tracePath,
    outPath,
    policy,
    parameters: checkedParameters(policy, policyParameters(given.texts('param'))),
    satisfiedAt,
    seed: given.number('seed') ?? null,
    encoder: readEncoderSpec(given),
    certification: readCertification(given),
  }
}

/** Says before the training, not after it, that its result could not be kept. */
function checkWritable(path: string): void {
  const fault = (reason: string): CommandError =>
    new CommandError(exitCodes.failed, `--out: ${path} cannot be written: ${reason}`)
  try {
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    throw fault((error as Error).message)
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw fault('it is a folder')
}

function checkedParameters(
  policy: string,
  given: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  try {
    return allParameters(policy, given)
  } catch (error) {
    if (error instanceof RangeError) throw wrongUsage(error.message)
    throw error
  }
}

async function prepare({ tracePath, satisfiedAt, encoder, policy }: TrainRequest): Promise<PreparedTrace> {
  const preparer = await openPreparer(encoder, [policy])
  try {
    return await preparer.prepare(await readTrace(tracePath, { satisfiedAt }))
  } catch (error) {
    if (error instanceof TraceError) throw new CommandError(exitCodes.badData, error.message, error)
    throw error
  } finally {
    await preparer.close()
  }
}

/** A policy would serve another model in place of one that does not exist; here that is a slip of the pen. */
function checkPolicyModel(policy: string, models: readonly string[]): void {
  const colon = policy.indexOf(':')
  const model = policy.slice(colon + 1)
  if (colon < 0 || models.includes(model)) return
  throw wrongUsage(`--policy ${policy}: no model '${model}' in the trace; it has ${models.join(', ')}`)
}

async function train(
  request: TrainRequest,
  prepared: PreparedTrace,
  split: CalibrationSplit | null,
): Promise<Artefact> {
  const { policy, parameters, satisfiedAt, seed } = request
  const fingerprint = traceFingerprint(prepared.trace)
  const rows = split === null ? {} : { rows: split.training }
  const spec = { prepared, policy, parameters, satisfiedAt, seed, fingerprint, ...rows }
  const ticker = showElapsed(`training ${policy}`)
  try {
    return await runTraining({ ...spec, codeVersion: packageVersion() })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CommandError(exitCodes.badData, `${request.tracePath}: ${error.message}`, error)
  } finally {
    ticker.end()
  }
}

async function write(path: string, artefact: Artefact): Promise<number> {
  try {
    return await writeArtefact(path, artefact)
  } catch (error) {
    const reason = (error as Error).message
    throw new CommandError(exitCodes.failed, `--out: ${path} cannot be written: ${reason}`, error)
  }
}

/** Lines on standard error, each with the time since the start. */
function stopwatch(): (line: string) => void {
  const startedMs = performance.now()
  return line => process.stderr.write(`${secondsSince(startedMs).toFixed(1).padStart(6)} s  ${line}\n`)
}

/** Shows that time passes: each second on a terminal, a line every ten elsewhere. */
function showElapsed(label: string, stream: NodeJS.WriteStream = process.stderr): { end(): void } {
  const startedMs = performance.now()
  const show = (): void => {
    const text = `${label}, ${Math.round(secondsSince(startedMs))} s`
    stream.write(stream.isTTY ? `\r\x1b[2K${text}` : `${text}\n`)
  }
  const timer = setInterval(show, stream.isTTY ? 1000 : 10_000)
  return {
    end() {
      clearInterval(timer)
      if (stream.isTTY) stream.write('\r\x1b[2K')
    },
  }
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000
}
