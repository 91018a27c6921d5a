import { parentPort, workerData } from 'node:worker_threads'
import { trainArtefact } from '../../lab/train/train-artefact.ts'
import { TrainingStopped, type TrainingWatch } from '../../lab/train/train-policy.ts'
import type { TrainingJob, TrainingMessage } from './run-training.ts'

// The entry of a worker thread: it trains once, for the command that started it.
const tell = (message: TrainingMessage): void => parentPort?.postMessage(message)

/** Time between two checkpoints that are made in passing, for a training that is killed. */
const checkpointEveryMs = 5000

const { spec, checkpoint, stop } = workerData as TrainingJob

/** Tells of every look, keeps a checkpoint now and then, and hears whether to stop. */
function createWatch(): TrainingWatch {
  let keptMs = performance.now()
  return {
    checkpoint,
    onSteps(news) {
      const { done, steps, curve } = news
      tell({ kind: 'steps', done, steps, curve })
      if (performance.now() - keptMs > checkpointEveryMs && done < steps) {
        keptMs = performance.now()
        tell({ kind: 'checkpoint', done, bytes: news.checkpoint() })
      }
      return Atomics.load(stop, 0) === 0 ? 'go on' : 'stop'
    },
  }
}

try {
  tell({ kind: 'done', artefact: trainArtefact(spec, createWatch()) })
} catch (error) {
  if (error instanceof TrainingStopped) {
    tell({ kind: 'stopped', done: error.done, steps: error.steps, bytes: error.checkpoint })
  } else {
    const badRows = error instanceof RangeError
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tell({ kind: 'failed', badRows, message: badRows ? error.message : told })
  }
}
