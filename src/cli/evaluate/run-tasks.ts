import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { EvaluationTask, PolicyResult } from '../../lab/evaluate/evaluate-policy.ts'
import { type EvaluationPlan, withoutTexts } from '../../lab/evaluate/evaluation-plan.ts'
import { SpecificationError } from '../../lab/specification-error.ts'

/** What a worker thread tells. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly decisions: number }
  | { readonly kind: 'done'; readonly index: number; readonly result: PolicyResult }
  | { readonly kind: 'failed'; readonly message: string; readonly specification: boolean }

/** What a worker thread is told. */
export interface WorkerOrder {
  readonly index: number
  readonly task: EvaluationTask
}

/** Told how many decisions were made since the last call, and when a task is done. */
export interface TaskWatch {
  decided(count: number): void
  finished(task: EvaluationTask): void
}

/** Runs the tasks, on as many threads as there are cores, and gives their results in the order of the tasks. */
export async function runEvaluationTasks(
  plan: EvaluationPlan,
  tasks: readonly EvaluationTask[],
  watch: TaskWatch,
): Promise<readonly PolicyResult[]> {
  const workerData = withoutTexts(plan)
  const threads = Math.min(tasks.length, availableParallelism())
  const workers = Array.from({ length: threads }, () => startWorker(workerData))
  const results: PolicyResult[] = []
  let next = 0
  const workThrough = async (worker: Worker): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index]
      if (task === undefined) return
      results[index] = await runOn(worker, { index, task }, watch)
      watch.finished(task)
    }
  }
  try {
    await Promise.all(workers.map(workThrough))
    return results
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

function runOn(worker: Worker, order: WorkerOrder, watch: TaskWatch): Promise<PolicyResult> {
  const { promise, resolve, reject } = Promise.withResolvers<PolicyResult>()
  const listen = (message: WorkerMessage): void => {
    switch (message.kind) {
      case 'progress':
        watch.decided(message.decisions)
        break
      case 'done':
        resolve(message.result)
        break
      case 'failed':
        reject(message.specification ? new SpecificationError(message.message) : new Error(message.message))
        break
    }
  }
  worker.on('message', listen)
  worker.once('error', reject)
  worker.postMessage(order)
  return promise.finally(() => {
    worker.off('message', listen)
    worker.off('error', reject)
  })
}

function startWorker(workerData: EvaluationPlan): Worker {
  // The emitted program runs emitted workers; only imports have their extensions rewritten.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  return new Worker(new URL(file, import.meta.url), { workerData })
}
