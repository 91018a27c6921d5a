import { closeSync, openSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type PreparedTrace, prepareTrace } from '../lab/prepare-trace.ts'
import { readTrace, TraceError } from '../lab/read-trace.ts'
import type { ReplayStep } from '../lab/replay.ts'
import { type RunSpec, startReplay, type WarmStart } from '../lab/run-replay.ts'
import { SpecificationError } from '../lab/specification-error.ts'
import type { RunFigures } from '../lab/summarise.ts'
import { createHashedFeaturizer } from '../routing/features/hashed-ngrams.ts'
import { commandHelp, parseArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { createProgress } from './progress.ts'
import { replayCommand } from './replay-options.ts'
import {
  type ModelRequest,
  type ReplayRequest,
  readModelRequest,
  readReplayRequest,
} from './replay-request.ts'
import { type FloorRuns, replayTable } from './replay-table.ts'

/** `plimsoll replay`: runs a policy online over a recorded trace. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(replayCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(replayCommand))
    return exitCodes.done
  }
  try {
    const request = readReplayRequest(given)
    const prepared = await prepare(request.tracePath, request)
    const models = readModelRequest(given, prepared.trace)
    const warmStart = await warmStartOf(request, prepared)
    const floors = await runAll({ request, prepared, models, warmStart, json: given.flag('json') })
    if (!given.flag('json')) process.stdout.write(replayTable(titleOf(request, prepared), floors))
    return exitCodes.done
  } catch (error) {
    if (error instanceof SpecificationError) throw wrongUsage(error.message)
    if (error instanceof TraceError) throw new CommandError(exitCodes.badData, error.message, error)
    throw error
  }
}

interface Job {
  readonly request: ReplayRequest
  readonly prepared: PreparedTrace
  readonly models: ModelRequest
  readonly warmStart: WarmStart
  readonly json: boolean
}

async function prepare(path: string, request: ReplayRequest): Promise<PreparedTrace> {
  const trace = await readTrace(path, { satisfiedAt: request.satisfiedAt })
  const fraction = trace.rows.findIndex(row => row.scores.some(score => score !== 0 && score !== 1))
  if (request.audits.judge !== null && fraction >= 0) {
    throw wrongUsage(
      '--judge-error needs scores of 0 and 1, and the trace has fractions; give --satisfied-at as well',
    )
  }
  return prepareTrace(trace, createHashedFeaturizer())
}

async function warmStartOf(request: ReplayRequest, online: PreparedTrace): Promise<WarmStart> {
  const { warmTracePath, warmShare } = request
  if (warmTracePath === null) return warmShare > 0 ? { kind: 'share', share: warmShare } : { kind: 'none' }
  const prepared = await prepare(warmTracePath, request)
  const theirs = new Set(prepared.trace.models)
  const same =
    theirs.size === online.trace.models.length && online.trace.models.every(model => theirs.has(model))
  if (same) return { kind: 'trace', prepared }
  const fault = `its models are ${prepared.trace.models.join(', ')}; expected those of the other trace`
  throw new TraceError(warmTracePath, null, `${fault}, ${online.trace.models.join(', ')}`)
}

async function runAll(job: Job): Promise<readonly FloorRuns[]> {
  const { request, prepared } = job
  const used = request.limit ?? prepared.trace.rows.length
  const perRun = used - Math.round(request.warmShare * used)
  const progress = createProgress(request.floors.length * request.seeds.length * perRun)
  const steps = request.stepsPath === null ? null : openSteps(request.stepsPath)
  const all: FloorRuns[] = []
  let done = 0
  try {
    for (const { schedule, text } of request.floors) {
      const runs: RunFigures[] = []
      for (const seed of request.seeds) {
        const spec = specOf(job, schedule, seed)
        const startedMs = performance.now()
        const figures = await runToEnd(spec, step => {
          progress.update(++done, `floor ${text}, seed ${seed}`)
          steps?.write(stepLine(step, prepared, seed))
        })
        if (job.json) process.stdout.write(`${jsonLine(job, { spec, text, figures }, startedMs)}\n`)
        runs.push(figures)
      }
      all.push({ floor: text, runs })
    }
    return all
  } finally {
    progress.end()
    steps?.close()
  }
}

/** Steps between two looks at the outside: a loop that never pauses would hear neither a parent's end nor a closed pipe. */
const stepsBetweenPauses = 128

async function runToEnd(spec: RunSpec, onStep: (step: ReplayStep) => void): Promise<RunFigures> {
  const running = startReplay(spec)
  let steps = 0
  for (const step of running.steps) {
    onStep(step)
    if (++steps % stepsBetweenPauses === 0) await setImmediate()
  }
  return running.figures()
}

function specOf(job: Job, floors: RunSpec['floors'], seed: number): RunSpec {
  const { request, prepared, models, warmStart } = job
  const { policy, parameters, audits, delay, limit, delta } = request
  return { prepared, policy, parameters, floors, seed, audits, delay, limit, delta, warmStart, ...models }
}

interface NamedRun {
  readonly spec: RunSpec
  /** The floor as it was asked for. */
  readonly text: string
  readonly figures: RunFigures
}

function jsonLine(job: Job, run: NamedRun, startedMs: number): string {
  const { request, prepared } = job
  const { floor, references, ...figures } = run.figures
  return JSON.stringify({
    trace: prepared.trace.name,
    policy: request.policy,
    floor,
    ...(run.spec.floors.kind === 'constant' ? {} : { floorSpec: run.text }),
    seed: run.spec.seed,
    feedback: request.feedback,
    audit: request.audits.budget,
    delay: request.delay,
    warmStart: request.warmTracePath ?? request.warmShare,
    ...figures,
    seconds: (performance.now() - startedMs) / 1000,
    references,
  })
}

function stepLine(step: ReplayStep, prepared: PreparedTrace, seed: number): string {
  const { context, decision } = step.record
  const chosen = context.models.findIndex(model => model.id === decision.chosen)
  return JSON.stringify({
    seed,
    i: step.position,
    id: prepared.trace.rows[step.row]?.id,
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

/** A file of lines, written in blocks: one system call per line would take longer than the replay. */
function openSteps(path: string): { write(line: string): void; close(): void } {
  let file: number
  try {
    file = openSync(path, 'w')
  } catch (error) {
    throw new CommandError(
      exitCodes.failed,
      `--steps: ${path} cannot be written: ${(error as Error).message}`,
      error,
    )
  }
  let lines: string[] = []
  const flush = (): void => {
    if (lines.length > 0) writeSync(file, `${lines.join('\n')}\n`)
    lines = []
  }
  return {
    write(line) {
      if (lines.push(line) >= 500) flush()
    },
    close() {
      flush()
      closeSync(file)
    },
  }
}

function titleOf(request: ReplayRequest, prepared: PreparedTrace): string {
  const { trace } = prepared
  const parts = [
    `${request.policy} on ${trace.name}`,
    `${trace.rows.length} rows, ${trace.models.length} models`,
    `feedback ${request.feedback}`,
    `audit ${request.audits.budget}`,
    `delay ${request.delay}`,
    request.warmTracePath === null
      ? `warm start ${request.warmShare}`
      : `warm start from ${request.warmTracePath}`,
    `seeds ${request.seeds.join(' ')}`,
  ]
  return parts.join(', ')
}
