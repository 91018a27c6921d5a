import { parentPort, workerData } from 'node:worker_threads'
import { type PreparedTrace, prepareTrace } from '../../src/lab/prepare-trace.ts'
import { readTrace } from '../../src/lab/read-trace.ts'
import { createHashedFeaturizer } from '../../src/routing/features/hashed-ngrams.ts'
import type { Outcome, TraceSource } from './cell.ts'
import { type CellJob, runCells } from './run-cells.ts'

/** What a worker of the measurement tells. */
export type CellMessage =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'idle' }
  | { readonly kind: 'failed'; readonly message: string }

const sources = workerData as readonly (TraceSource & { readonly path: string })[]
const prepared = new Map<string, PreparedTrace>()

function tell(message: CellMessage): void {
  parentPort?.postMessage(message)
}

async function open(name: string): Promise<PreparedTrace> {
  const known = prepared.get(name)
  if (known !== undefined) return known
  const source = sources.find(each => each.name === name)
  if (source === undefined) throw new RangeError(`no trace '${name}'`)
  const read = prepareTrace(
    await readTrace(source.path, { satisfiedAt: source.satisfiedAt }),
    createHashedFeaturizer(),
  )
  prepared.set(name, read)
  return read
}

parentPort?.on('message', async (job: CellJob) => {
  try {
    runCells(job, await open(job.set), outcome => tell({ kind: 'outcome', outcome }))
    tell({ kind: 'idle' })
  } catch (error) {
    tell({ kind: 'failed', message: `${job.policy} on ${job.set}: ${(error as Error).message}` })
  }
})
