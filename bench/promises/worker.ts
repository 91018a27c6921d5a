import { parentPort, workerData } from 'node:worker_threads'
import { type PreparedTrace, prepareTrace } from '../../src/lab/prepare-trace.ts'
import { readTrace } from '../../src/lab/read-trace.ts'
import { createHashedFeaturizer } from '../../src/routing/features/hashed-ngrams.ts'
import { readsNgrams } from '../../src/routing/policies/registry.ts'
import { type Outcome, parsePolicy, type TraceSource } from './cell.ts'
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

/** With n-grams for policies that read them: counting them for all would take memory that the others do not need. */
async function open(name: string, ngrams: boolean): Promise<PreparedTrace> {
  const key = `${name} ${ngrams}`
  const known = prepared.get(key)
  if (known !== undefined) return known
  const source = sources.find(each => each.name === name)
  if (source === undefined) throw new RangeError(`no trace '${name}'`)
  const read = prepareTrace(
    await readTrace(source.path, { satisfiedAt: source.satisfiedAt }),
    createHashedFeaturizer(),
    ngrams,
  )
  prepared.set(key, read)
  return read
}

parentPort?.on('message', async (job: CellJob) => {
  try {
    runCells(job, await open(job.set, readsNgrams(parsePolicy(job.policy).name)), outcome =>
      tell({ kind: 'outcome', outcome }),
    )
    tell({ kind: 'idle' })
  } catch (error) {
    tell({ kind: 'failed', message: `${job.policy} on ${job.set}: ${(error as Error).message}` })
  }
})
