import { createRandom } from '../src/routing/numeric/random.ts'
import { trainReader } from '../src/routing/predict/train-batch.ts'
import {
  contextOf,
  describeDurations,
  describeMachine,
  drawRequests,
  learnedPolicy,
  timed,
  trainingRows,
} from './measured-world.ts'

// Measures one whole routing decision - features of a 2 KB prompt, predictions for 11 models, choice - after 400 learned
// requests, cold start and warm start; and the trained predictors alone. Every prompt is met once. Usage: node bench/decide.ts [decisions, default 20000]

const decisions = Number(process.argv[2] ?? 20_000)

console.log(describeMachine())
for (const start of ['cold', 'warm'] as const) {
  const training = start === 'warm' ? trainingRows(createRandom('training'), 600) : null
  const policy = learnedPolicy(training, 400)
  const reader = training === null ? null : trainReader(training).reader
  const random = createRandom('requests')
  const read: number[] = []
  const featurized: number[] = []
  const decided: number[] = []
  for (let batch = 0; batch < decisions; batch += 500) {
    // A small batch at a time: what is measured is a prompt that has just arrived, not a walk through memory.
    for (const request of drawRequests(random, 500)) {
      const seed = createRandom(decided.length)
      featurized.push(timed(() => contextOf(request)))
      const { features, promptTokens } = contextOf(request)
      if (reader !== null) read.push(timed(() => reader.read(features, promptTokens)))
      decided.push(timed(() => policy.decide(contextOf(request), seed)))
    }
  }
  const settled = Math.min(2000, decisions / 4)
  console.log(`${start} start, features alone:  ${describeDurations(featurized.slice(settled))}`)
  if (reader !== null)
    console.log(`${start} start, predictors alone: ${describeDurations(read.slice(settled))}`)
  console.log(`${start} start, whole decision:  ${describeDurations(decided.slice(settled))}`)
}
