import type { PreparedTrace } from '../lab/prepare-trace.ts'
import { readTrace, TraceError } from '../lab/read-trace.ts'
import type { WarmStart } from '../lab/run-replay.ts'
import { SpecificationError } from '../lab/specification-error.ts'
import type { RunFigures } from '../lab/summarise.ts'
import type { Trace } from '../lab/trace.ts'
import { evidenceAdvice } from '../routing/predict/evidence.ts'
import { ArtefactError, readArtefact } from '../store/artefact.ts'
import { commandHelp, parseArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { createProgress } from './progress.ts'
import { checkArtefact, requestFrom } from './replay/artefact.ts'
import { evidenceOfJob } from './replay/evidence.ts'
import type { ReplayJob, ReplayTask } from './replay/job.ts'
import { openSteps, runLine } from './replay/lines.ts'
import { replayCommand } from './replay/options.ts'
import { type ReplayRequest, readModelRequest, readReplayRequest } from './replay/request.ts'
import { runTasks } from './replay/run-tasks.ts'
import { type FloorRuns, replayTable } from './replay/table.ts'
import { openPreparer, readEncoderSpec, type TracePreparer } from './trace-preparer.ts'

/** `plimsoll replay`: runs a policy online over a recorded trace. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(replayCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(replayCommand))
    return exitCodes.done
  }
  try {
    const stated = readReplayRequest(given)
    const artefact = stated.artefactPath === null ? null : await readArtefact(stated.artefactPath)
    const request = artefact === null ? stated : requestFrom(artefact, stated, given)
    const { prepared, warm } = await prepareAll(
      request,
      await openPreparer(readEncoderSpec(given), [request.policy]),
    )
    if (artefact !== null) checkArtefact(artefact, { request, prepared })
    const models = readModelRequest(given, request.policy, prepared.trace)
    const warmStart: WarmStart =
      artefact === null ? warmStartOf(request, prepared, warm) : { kind: 'trained', trained: artefact }
    const json = given.flag('json')
    const job = { request, prepared, models, warmStart }
    tellEvidence(job)
    const floors = await runAll(job, json)
    if (!json) process.stdout.write(replayTable(titleOf(request, prepared), floors))
    return exitCodes.done
  } catch (error) {
    if (error instanceof SpecificationError) throw wrongUsage(error.message)
    if (error instanceof TraceError || error instanceof ArtefactError)
      throw new CommandError(exitCodes.badData, error.message, error)
    throw error
  }
}

/** The trace, and the one to warm up on where it is another. */
async function prepareAll(request: ReplayRequest, preparer: TracePreparer) {
  const { tracePath, warmTracePath } = request
  try {
    const prepared = await preparer.prepare(await read(tracePath, request))
    const warm = warmTracePath === null ? null : await preparer.prepare(await read(warmTracePath, request))
    return { prepared, warm }
  } finally {
    await preparer.close()
  }
}

async function read(path: string, request: ReplayRequest): Promise<Trace> {
  const trace = await readTrace(path, { satisfiedAt: request.satisfiedAt })
  const fraction = trace.rows.findIndex(row => row.scores.some(score => score !== 0 && score !== 1))
  if (request.audits.judge !== null && fraction >= 0) {
    throw wrongUsage(
      '--judge-error needs scores of 0 and 1, and the trace has fractions; give --satisfied-at as well',
    )
  }
  return trace
}

function warmStartOf(
  { warmTracePath, warmShare }: ReplayRequest,
  online: PreparedTrace,
  prepared: PreparedTrace | null,
): WarmStart {
  if (warmTracePath === null || prepared === null) {
    return warmShare > 0 ? { kind: 'share', share: warmShare } : { kind: 'none' }
  }
  const theirs = new Set(prepared.trace.models)
  const same =
    theirs.size === online.trace.models.length && online.trace.models.every(model => theirs.has(model))
  if (same) return { kind: 'trace', prepared }
  const fault = `its models are ${prepared.trace.models.join(', ')}; expected those of the other trace`
  throw new TraceError(warmTracePath, null, `${fault}, ${online.trace.models.join(', ')}`)
}

/** Says on standard error where too little is known at the start to promise a floor. */
function tellEvidence(job: ReplayJob): void {
  const evidence = evidenceOfJob(job)
  if (evidence === null || evidence === 'full') return
  process.stderr.write(`evidence at the start: ${evidence}; ${evidenceAdvice(evidence)}\n`)
}

/** Runs every floor with every seed and writes what was asked for as soon as it is known. */
async function runAll(job: ReplayJob, json: boolean): Promise<readonly FloorRuns[]> {
  const { request } = job
  const tasks = request.floors.flatMap(({ schedule, text }) =>
    request.seeds.map((seed): ReplayTask => ({ floors: schedule, floorText: text, seed })),
  )
  const progress = createProgress(tasks.length * stepsPerRun(job))
  const steps = request.stepsPath === null ? null : openSteps(request.stepsPath)
  const runs: RunFigures[] = []
  let stepsDone = 0
  const onSteps = (count: number): void => {
    stepsDone += count
    progress.update(stepsDone, `${runs.length} of ${tasks.length} runs`)
  }
  try {
    for await (const result of runTasks(job, tasks, onSteps)) {
      const task = tasks[runs.length]
      runs.push(result.figures)
      steps?.write(result.stepLines)
      if (json && task !== undefined) process.stdout.write(`${runLine(job, task, result)}\n`)
    }
  } finally {
    progress.end()
    steps?.close()
  }
  const seeds = request.seeds.length
  return request.floors.map(({ text }, i) => ({ floor: text, runs: runs.slice(i * seeds, (i + 1) * seeds) }))
}

function stepsPerRun({ request, prepared }: ReplayJob): number {
  const used = request.limit ?? prepared.trace.rows.length
  return used - Math.round(request.warmShare * used)
}

function titleOf(request: ReplayRequest, prepared: PreparedTrace): string {
  const { trace } = prepared
  const parts = [
    `${request.policy} on ${trace.name}`,
    `${trace.rows.length} rows, ${trace.models.length} models`,
    `feedback ${request.feedback}`,
    `audit ${request.audits.budget}`,
    `delay ${request.delay}`,
    startOf(request),
    `seeds ${request.seeds.join(' ')}`,
  ]
  return parts.join(', ')
}

function startOf({ artefactPath, warmTracePath, warmShare }: ReplayRequest): string {
  if (artefactPath !== null) return `start from ${artefactPath}`
  return warmTracePath === null ? `warm start ${warmShare}` : `warm start from ${warmTracePath}`
}
