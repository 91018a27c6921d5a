import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { EncoderSpec } from '../encoders/open-encoder.ts'
import type { PreparedTrace } from '../lab/prepare-trace.ts'
import { readTrace, TraceError } from '../lab/read-trace.ts'
import type { CalibrationSplit } from '../lab/train/calibration-split.ts'
import { traceFingerprint } from '../lab/train/trace-fingerprint.ts'
import { allParameters } from '../routing/policies/trained-policy.ts'
import type { TrainingCurve } from '../routing/policy.ts'
import { type Artefact, writeArtefact } from '../store/artefact.ts'
import { replaceFile } from '../store/replace-file.ts'
import { commandHelp, type ParsedArguments, parseArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { policyParameters } from './policy-parameters.ts'
import { openPreparer, readEncoderSpec } from './trace-preparer.ts'
import { type CertificationRequest, certified, keepApart, readCertification } from './train/certification.ts'
import { curveCsv } from './train/curve-view.ts'
import { observeTraining, removeCheckpoint, type TrainedArtefact } from './train/observed-training.ts'
import { trainCommand } from './train/options.ts'
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
  readonly resume: boolean
  /** Where the learning curve goes as well. */
  readonly curvePath: string | null
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
  const { artefact: trained, curve } = await train(request, prepared, split)
  const seconds = secondsSince(startedMs)
  tell(`trained in ${seconds.toFixed(1)} s`)
  const artefact =
    request.certification === null || split === null
      ? trained
      : certified(request.certification, { artefact: trained, prepared, split })
  const bytes = await write(request.outPath, artefact)
  if (curve !== null) await keepCurve(request, curve)
  const result: TrainingResult = { artefact, path: request.outPath, bytes, seconds, curve }
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
  checkWritable('--out', outPath)
  const curvePath = given.text('curve') ?? null
  if (curvePath !== null) checkWritable('--curve', curvePath)
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
    resume: given.flag('resume'),
    curvePath,
  }
}

/** Says before the training, not after it, that its result could not be kept. */
function checkWritable(option: string, path: string): void {
  const fault = (reason: string): CommandError =>
    new CommandError(exitCodes.failed, `${option}: ${path} cannot be written: ${reason}`)
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
): Promise<TrainedArtefact> {
  const { policy, parameters, satisfiedAt, seed } = request
  const fingerprint = traceFingerprint(prepared.trace)
  const rows = split === null ? {} : { rows: split.training }
  const spec = { prepared, policy, parameters, satisfiedAt, seed, fingerprint, ...rows }
  try {
    return await observeTraining({
      spec: { ...spec, codeVersion: packageVersion() },
      checkpointPath: checkpointOf(request),
      resume: request.resume,
    })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CommandError(exitCodes.badData, `${request.tracePath}: ${error.message}`, error)
  }
}

function checkpointOf({ outPath }: TrainRequest): string {
  return `${outPath}.checkpoint`
}

/** A training in steps is over: its curve goes where it was asked for, its checkpoint is no longer needed. */
async function keepCurve(request: TrainRequest, curve: TrainingCurve): Promise<void> {
  await removeCheckpoint(checkpointOf(request))
  if (request.curvePath !== null) await replaceFile(request.curvePath, Buffer.from(curveCsv(curve)))
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

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000
}
