import { Worker } from 'node:worker_threads'
import type { TrainingSpec } from '../../lab/train/train-artefact.ts'
import type { TrainingCurve } from '../../routing/policy.ts'
import type { Artefact } from '../../store/artefact.ts'
import type { TrainingCheckpoint } from '../../store/training-checkpoint.ts'

/** How far a training in steps has come. */
export interface TrainingProgress {
  readonly done: number
  readonly steps: number
  readonly curve: TrainingCurve
}

/** What the training thread is given. */
export interface TrainingJob {
  readonly spec: TrainingSpec
  readonly checkpoint: Uint8Array | null
  /** One shared number; anything but 0 asks the training to stop. */
  readonly stop: Int32Array
}

/** What the training thread tells; the last message is one of `done`, `stopped` and `failed`. */
export type TrainingMessage =
  | ({ readonly kind: 'steps' } & TrainingProgress)
  | ({ readonly kind: 'checkpoint' } & TrainingCheckpoint)
  | ({ readonly kind: 'stopped'; readonly steps: number } & TrainingCheckpoint)
  | { readonly kind: 'done'; readonly artefact: Artefact }
  | { readonly kind: 'failed'; readonly badRows: boolean; readonly message: string }

/** Who looks on. */
export interface TrainingObserver {
  readonly checkpoint: Uint8Array | null
  /** Asks the training to stop; one that goes in steps ends as `stopped`, another one is given up. */
  readonly stop: AbortSignal
  onSteps(progress: TrainingProgress): void
  onCheckpoint(checkpoint: TrainingCheckpoint): void
}

/** How a training ended. */
export type TrainingEnd =
  | { readonly kind: 'done'; readonly artefact: Artefact }
  | ({ readonly kind: 'stopped'; readonly steps: number } & TrainingCheckpoint)
  /** Stopped while there was nothing to go on from. */
  | { readonly kind: 'given up' }

/**
 * Trains on a thread of its own, so that this one can show that time passes and hears its parent's end.
 * Rejects with a RangeError where the rows cannot be trained on.
 */
export async function runTraining(spec: TrainingSpec, observer: TrainingObserver): Promise<TrainingEnd> {
  // The emitted program runs emitted workers; only imports have their extensions rewritten.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const job: TrainingJob = { spec: withoutTexts(spec), checkpoint: observer.checkpoint, stop }
  const worker = new Worker(new URL(file, import.meta.url), { workerData: job })
  const { promise, resolve, reject } = Promise.withResolvers<TrainingEnd>()
  let stepwise = false
  worker.once('error', reject)
  worker.on('message', (message: TrainingMessage) => {
    switch (message.kind) {
      case 'steps':
        stepwise = true
        observer.onSteps(message)
        break
      case 'checkpoint':
        observer.onCheckpoint(message)
        break
      case 'failed':
        reject(message.badRows ? new RangeError(message.message) : new Error(message.message))
        break
      case 'done':
      case 'stopped':
        resolve(message)
        break
    }
  })
  observer.stop.addEventListener('abort', () => {
    Atomics.store(stop, 0, 1)
    if (!stepwise) resolve({ kind: 'given up' })
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
