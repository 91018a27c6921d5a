import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { TrainingSpec } from '../../lab/train/train-artefact.ts'
import { allParameters } from '../../routing/policies/trained-policy.ts'
import type { TrainingCurve } from '../../routing/policy.ts'
import { type Artefact, ArtefactError } from '../../store/artefact.ts'
import { readCheckpoint, type TrainingCheckpoint, writeCheckpoint } from '../../store/training-checkpoint.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { curveChart, progressLine } from './curve-view.ts'
import { runTraining, type TrainingProgress } from './run-training.ts'

/** A training with what is kept and shown of it while it goes on. */
export interface ObservedTraining {
  readonly spec: TrainingSpec
  /** Beside the artefact: what an interrupted training leaves there. */
  readonly checkpointPath: string
  readonly resume: boolean
}

/** What a training came to. */
export interface TrainedArtefact {
  readonly artefact: Artefact
  /** `null` from a policy that is trained at one go. */
  readonly curve: TrainingCurve | null
}

/**
 * Trains with progress on standard error and a checkpoint on the disk, every few seconds and at SIGINT or SIGTERM. Once the training
 * is done the checkpoint is removed. Throws a `CommandError` for a stopped training and for a checkpoint that does not fit.
 */
export async function observeTraining({
  spec,
  checkpointPath,
  resume,
}: ObservedTraining): Promise<TrainedArtefact> {
  const identity = {
    codeVersion: spec.codeVersion,
    policy: spec.policy,
    parameters: allParameters(spec.policy, spec.parameters),
    encoder: spec.prepared.encoder,
    fingerprint: rowsFingerprint(spec),
    satisfiedAt: spec.satisfiedAt,
    seed: spec.seed,
  }
  const start = resume ? await readChecked(() => readCheckpoint(checkpointPath, identity)) : null
  if (start !== null) process.stderr.write(`going on from step ${start.done}, as ${checkpointPath} says\n`)
  const display = showTraining(`training ${spec.policy}`)
  const interruption = hearInterruption()
  let kept: Promise<void> = Promise.resolve()
  let curve: TrainingCurve | null = null
  const keep = (checkpoint: TrainingCheckpoint): void => {
    kept = kept.then(() => writeCheckpoint(checkpointPath, identity, checkpoint))
  }
  try {
    const end = await runTraining(spec, {
      checkpoint: start?.bytes ?? null,
      stop: interruption.signal,
      onSteps(progress) {
        curve = progress.curve
        display.update(progress)
      },
      onCheckpoint: keep,
    })
    if (end.kind === 'given up') throw new CommandError(exitCodes.failed, 'interrupted; nothing was kept')
    if (end.kind === 'stopped') keep(end)
    await kept
    if (end.kind === 'stopped') {
      throw new CommandError(
        exitCodes.failed,
        `interrupted at step ${end.done} of ${end.steps}; the same command with --resume goes on from ${checkpointPath}`,
      )
    }
    return { artefact: end.artefact, curve }
  } finally {
    interruption.end()
    display.end()
    if (curve !== null) process.stderr.write(curveChart(curve))
  }
}

/** Of the rows that are trained on: where some are kept apart for a certificate, of which ones too. */
function rowsFingerprint({ fingerprint, rows }: TrainingSpec): string {
  if (rows === undefined) return fingerprint
  return `${fingerprint}/${createHash('sha256')
    .update([...rows].join())
    .digest('hex')}`
}

/** Removes what an interrupted training left, once its artefact is written. */
export async function removeCheckpoint(checkpointPath: string): Promise<void> {
  await rm(checkpointPath, { force: true })
}

async function readChecked(read: () => Promise<TrainingCheckpoint>): Promise<TrainingCheckpoint> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ArtefactError) throw new CommandError(exitCodes.badData, error.message, error)
    throw error
  }
}

/** One SIGINT or SIGTERM asks the training to stop where it can be gone on with. */
function hearInterruption(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return {
    signal: controller.signal,
    end() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}

/** Shows that time passes: each second on a terminal, a line every ten elsewhere; with steps, how far they have come. */
function showTraining(label: string, stream: NodeJS.WriteStream = process.stderr) {
  const startedMs = performance.now()
  let latest: TrainingProgress | null = null
  const show = (): void => {
    const passed = `${label}, ${Math.round((performance.now() - startedMs) / 1000)} s`
    const text = latest === null ? passed : progressLine(passed, latest)
    stream.write(stream.isTTY ? `\r\x1b[2K${text}` : `${text}\n`)
  }
  const timer = setInterval(show, stream.isTTY ? 1000 : 10_000)
  return {
    update(progress: TrainingProgress): void {
      if (latest === null) stream.write(`${label} in ${progress.steps} steps\n`)
      latest = progress
    },
    end(): void {
      clearInterval(timer)
      if (stream.isTTY) stream.write('\r\x1b[2K')
    },
  }
}
