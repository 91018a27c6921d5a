import { closeSync, openSync, writeSync } from 'node:fs'
import type { ReplayStep } from '../../lab/replay.ts'
import type { Evidence } from '../../routing/predict/evidence.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { evidenceOfJob } from './evidence.ts'
import type { ReplayJob, ReplayTask, TaskResult } from './job.ts'

/** The JSON object of one run, as `--json` writes it. */
export function runLine(job: ReplayJob, task: ReplayTask, result: TaskResult): string {
  const { request, prepared } = job
  const { floor, references, ...figures } = result.figures
  return JSON.stringify({
    trace: prepared.trace.name,
    policy: request.policy,
    floor,
    ...(task.floors.kind === 'constant' ? {} : { floorSpec: task.floorText }),
    seed: task.seed,
    feedback: request.feedback,
    audit: request.audits.budget,
    delay: request.delay,
    warmStart: request.warmTracePath ?? request.warmShare,
    ...(request.artefactPath === null ? {} : { artefact: request.artefactPath }),
    ...evidenceField(job),
    ...figures,
    seconds: result.seconds,
    references,
  })
}

function evidenceField(job: ReplayJob): { readonly evidence?: Evidence } {
  const evidence = evidenceOfJob(job)
  return evidence === null ? {} : { evidence }
}

/** The JSON object of one decision, as `--steps` writes it; `id` is the row's. */
export function stepLine(step: ReplayStep, id: string, seed: number): string {
  const { context, decision } = step.record
  const chosen = context.models.findIndex(model => model.id === decision.chosen)
  return JSON.stringify({
    seed,
    i: step.position,
    id,
    floor: context.floor,
    chosen: decision.chosen,
    satisfied: step.satisfaction,
    costUsd: step.costUsd,
    shadowCostUsd: step.shadowCostUsd,
    mode: decision.mode,
    propensity: decision.probabilities[chosen],
    priceUsd: decision.prices.find(price => price.constraint === 'satisfaction')?.priceUsd ?? null,
    audited: step.audit.value !== null,
    auditProbability: step.audit.probability,
    state: step.certificate.state,
  })
}

/** A file that takes the lines of one run after the other. */
export interface StepsFile {
  write(lines: readonly string[]): void
  close(): void
}

/** Opens the file of `--steps`, empty. Throws with exit code 1 where it cannot be written. */
export function openSteps(path: string): StepsFile {
  const file = openForWriting(path)
  return {
    write(lines) {
      if (lines.length > 0) writeSync(file, `${lines.join('\n')}\n`)
    },
    close: () => closeSync(file),
  }
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (error) {
    const reason = (error as Error).message
    throw new CommandError(exitCodes.failed, `--steps: ${path} cannot be written: ${reason}`, error)
  }
}
