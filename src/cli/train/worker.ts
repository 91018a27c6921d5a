import { parentPort, workerData } from 'node:worker_threads'
import { type TrainingSpec, trainArtefact } from '../../lab/train/train-artefact.ts'
import type { TrainingMessage } from './run-training.ts'

// The entry of a worker thread: it trains once, for the command that started it.
const tell = (message: TrainingMessage): void => parentPort?.postMessage(message)

try {
  tell({ kind: 'done', artefact: trainArtefact(workerData as TrainingSpec) })
} catch (error) {
  const badRows = error instanceof RangeError
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  tell({ kind: 'failed', badRows, message: badRows ? error.message : told })
}
