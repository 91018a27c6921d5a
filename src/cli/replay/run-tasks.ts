import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { SpecificationError } from '../../lab/specification-error.ts'
import type { Trace } from '../../lab/trace.ts'
import { type ReplayJob, type ReplayTask, runTask, type TaskResult } from './job.ts'

/** What a worker thread tells. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly steps: number }
  | { readonly kind: 'done'; readonly index: number; readonly result: TaskResult }
  | { readonly kind: 'failed'; readonly message: string; readonly specification: boolean }

/** What a worker thread is told. */
export interface WorkerOrder {
  readonly index: number
  readonly task: ReplayTask
}

/** Told how many steps were made since the last call. */
export type OnSteps = (steps: number) => void

/** Steps between two looks at the outside: a loop that never pauses hears neither its parent's end nor a closed pipe. */
const stepsBetweenPauses = 128

/** Runs the tasks, on as many threads as there are cores, and gives their results in the order of the tasks. */
export async function* runTasks(
  job: ReplayJob,
  tasks: readonly ReplayTask[],
  onSteps: OnSteps,
): AsyncGenerator<TaskResult> {
  const threads = Math.min(tasks.length, availableParallelism())
  if (threads > 1) {
    yield* runOnThreads(job, tasks, { threads, onSteps })
    return
  }
  const wait = async (steps: number): Promise<void> => {
    onSteps(steps)
    await setImmediate()
  }
  for (const task of tasks) yield await runTask(job, task, { every: stepsBetweenPauses, wait })
}

interface ThreadOptions {
  readonly threads: number
  readonly onSteps: OnSteps
}

async function* runOnThreads(
  job: ReplayJob,
  tasks: readonly ReplayTask[],
  { threads, onSteps }: ThreadOptions,
): AsyncGenerator<TaskResult> {
  const results = tasks.map(() => Promise.withResolvers<TaskResult>())
  // Only the result that is waited for may end the command; the others fail with it.
  for (const { promise } of results) promise.catch(() => {})
  const fail = (error: Error): void => {
    for (const { reject } of results) reject(error)
  }
  let next = 0
  const workers = Array.from({ length: threads }, () => startWorker(job))
  const giveWork = (worker: Worker): void => {
    const index = next++
    const task = tasks[index]
    if (task !== undefined) worker.postMessage({ index, task } satisfies WorkerOrder)
  }
  for (const worker of workers) {
    worker.on('error', fail)
    worker.on('message', (message: WorkerMessage) => {
      switch (message.kind) {
        case 'progress':
          onSteps(message.steps)
          break
        case 'done':
          results[message.index]?.resolve(message.result)
          giveWork(worker)
          break
        case 'failed':
          fail(message.specification ? new SpecificationError(message.message) : new Error(message.message))
          break
      }
    })
    giveWork(worker)
  }
  try {
    for (const { promise } of results) yield await promise
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

function startWorker(job: ReplayJob): Worker {
  // The emitted program runs emitted workers; only imports have their extensions rewritten.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  return new Worker(new URL(file, import.meta.url), { workerData: withoutTexts(job) })
}

/** Prompts and answers have served their turn once features exist; copying them to every thread would cost memory. */
function withoutTexts(job: ReplayJob): ReplayJob {
  const strip = (trace: Trace): Trace => ({
    ...trace,
    rows: trace.rows.map(row => ({
      ...row,
      prompt: '',
      answers: null,
      completionTokens: null,
      latencyMs: null,
    })),
  })
  const { prepared, warmStart } = job
  return {
    ...job,
    prepared: { ...prepared, trace: strip(prepared.trace) },
    warmStart:
      warmStart.kind === 'trace'
        ? { ...warmStart, prepared: { ...warmStart.prepared, trace: strip(warmStart.prepared.trace) } }
        : warmStart,
  }
}
