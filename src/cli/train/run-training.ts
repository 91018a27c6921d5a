import { Worker } from 'node:worker_threads'
import type { TrainingSpec } from '../../lab/train/train-artefact.ts'
import type { Artefact } from '../../store/artefact.ts'

/** What the training thread tells, once. */
export type TrainingMessage =
  | { readonly kind: 'done'; readonly artefact: Artefact }
  | { readonly kind: 'failed'; readonly badRows: boolean; readonly message: string }

/**
 * Trains on a thread of its own, so that this one can show that time passes and hears its parent's end.
 * Rejects with a RangeError where the rows cannot be trained on.
 */
export async function runTraining(spec: TrainingSpec): Promise<Artefact> {
  // The emitted program runs emitted workers; only imports have their extensions rewritten.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(file, import.meta.url), { workerData: withoutTexts(spec) })
  const { promise, resolve, reject } = Promise.withResolvers<Artefact>()
  worker.once('error', reject)
  worker.once('message', (message: TrainingMessage) => {
    switch (message.kind) {
      case 'done':
        resolve(message.artefact)
        break
      case 'failed':
        reject(message.badRows ? new RangeError(message.message) : new Error(message.message))
        break
    }
  })
  try {
    return await promise
  } finally {
    await worker.terminate()
  }
}

/** Prompts and answers have served their turn once features exist; copying them to the thread would cost memory. */
function withoutTexts(spec: TrainingSpec): TrainingSpec {
  const { trace } = spec.prepared
  const rows = trace.rows.map(row => ({ ...row, prompt: '', answers: null }))
  return { ...spec, prepared: { ...spec.prepared, trace: { ...trace, rows } } }
}
