import { parentPort, workerData } from 'node:worker_threads'
import { evaluatePolicy } from '../../lab/evaluate/evaluate-policy.ts'
import type { EvaluationPlan } from '../../lab/evaluate/evaluation-plan.ts'
import { SpecificationError } from '../../lab/specification-error.ts'
import type { WorkerMessage, WorkerOrder } from './run-tasks.ts'

// The entry of a worker thread: it evaluates one policy on one split after the other for the command that started it.
const plan = workerData as EvaluationPlan

const tell = (message: WorkerMessage): void => parentPort?.postMessage(message)

parentPort?.on('message', ({ index, task }: WorkerOrder) => {
  try {
    const result = evaluatePolicy(plan, task, decisions => tell({ kind: 'progress', decisions }))
    tell({ kind: 'done', index, result })
  } catch (error) {
    const specification = error instanceof SpecificationError
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tell({
      kind: 'failed',
      message: specification ? `${task.policy}: ${error.message}` : told,
      specification,
    })
  }
})
