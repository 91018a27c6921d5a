import { parentPort, workerData } from 'node:worker_threads'
import { SpecificationError } from '../../lab/specification-error.ts'
import { type ReplayJob, runTask } from './job.ts'
import type { WorkerMessage, WorkerOrder } from './run-tasks.ts'

// The entry of a worker thread: it runs one task after the other for the command that started it.
const job = workerData as ReplayJob
const stepsBetweenNews = 256

const tell = (message: WorkerMessage): void => parentPort?.postMessage(message)
const wait = async (steps: number): Promise<void> => tell({ kind: 'progress', steps })

parentPort?.on('message', ({ index, task }: WorkerOrder) => {
  runTask(job, task, { every: stepsBetweenNews, wait }).then(
    result => tell({ kind: 'done', index, result }),
    (error: unknown) => {
      const specification = error instanceof SpecificationError
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
      tell({ kind: 'failed', message: specification ? error.message : told, specification })
    },
  )
})
