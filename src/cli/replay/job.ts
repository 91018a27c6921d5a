import type { FloorSchedule } from '../../lab/floor-schedule.ts'
import type { PreparedTrace } from '../../lab/prepare-trace.ts'
import type { ReplayStep } from '../../lab/replay.ts'
import { type RunSpec, startReplay, type WarmStart } from '../../lab/run-replay.ts'
import type { RunFigures } from '../../lab/summarise.ts'
import { stepLine } from './lines.ts'
import type { ModelRequest, ReplayRequest } from './request.ts'

/** Everything that the runs of one command have in common; plain data, so that it can go to other threads. */
export interface ReplayJob {
  readonly request: ReplayRequest
  readonly prepared: PreparedTrace
  readonly models: ModelRequest
  readonly warmStart: WarmStart
}

/** One floor and one seed. */
export interface ReplayTask {
  readonly floors: FloorSchedule
  /** The floor as it was asked for. */
  readonly floorText: string
  readonly seed: number
}

/** What one run came to. */
export interface TaskResult {
  readonly figures: RunFigures
  readonly seconds: number
  /** One line per decision; empty unless they were asked for. */
  readonly stepLines: readonly string[]
}

/** Called for every so many steps; the run waits for it. */
export interface Pause {
  readonly every: number
  readonly wait: (stepsDone: number) => Promise<void>
}

/** Runs one task to its end, pausing between steps. Throws `SpecificationError`. */
export async function runTask(job: ReplayJob, task: ReplayTask, pause: Pause): Promise<TaskResult> {
  const startedMs = performance.now()
  const running = startReplay(runSpec(job, task))
  const wanted = job.request.stepsPath !== null
  const stepLines: string[] = []
  let steps = 0
  for (const step of running.steps) {
    if (wanted) stepLines.push(lineOf(job, task, step))
    if (++steps % pause.every === 0) await pause.wait(pause.every)
  }
  await pause.wait(steps % pause.every)
  const figures = running.figures()
  return { figures, seconds: (performance.now() - startedMs) / 1000, stepLines }
}

function lineOf(job: ReplayJob, task: ReplayTask, step: ReplayStep): string {
  return stepLine(step, job.prepared.trace.rows[step.row]?.id ?? '', task.seed)
}

function runSpec(job: ReplayJob, { floors, seed }: ReplayTask): RunSpec {
  const { request, prepared, models, warmStart } = job
  const { policy, parameters, audits, delay, limit, delta, promise } = request
  const asked = { policy, parameters, audits, delay, limit, delta, promise }
  return { prepared, ...asked, floors, seed, warmStart, ...models }
}
