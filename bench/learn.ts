import type { LearningEvent } from '../src/routing/learning-event.ts'
import { createRandom } from '../src/routing/numeric/random.ts'
import {
  contextOf,
  describeDurations,
  describeMachine,
  drawRequests,
  eventsOf,
  learnedPolicy,
  recordOf,
  timed,
  trainingRows,
} from './measured-world.ts'

// Measures learn() by kind of event, prompts of 2 KB, 11 models, and the size and time of a snapshot.
// Usage: node bench/learn.ts [requests, default 5000]

const requests = Number(process.argv[2] ?? 5000)

console.log(describeMachine())
for (const start of ['cold', 'warm'] as const) {
  const training = start === 'warm' ? trainingRows(createRandom('training'), 600) : null
  const policy = learnedPolicy(training, 400)
  const random = createRandom('requests')
  const durations = new Map<LearningEvent['kind'], number[]>()
  let total = 0
  drawRequests(random, requests).forEach((request, i) => {
    const context = contextOf(request)
    const record = recordOf(1000 + i, context, policy.decide(context, createRandom(i)))
    for (const event of eventsOf(record, request, random)) {
      const duration = timed(() => policy.learn(event))
      const known = durations.get(event.kind) ?? []
      known.push(duration)
      durations.set(event.kind, known)
      total += duration
    }
  })
  for (const [kind, values] of durations) console.log(`${start} start, ${kind}: ${describeDurations(values)}`)
  let bytes = 0
  const snapshot = timed(() => {
    bytes = policy.snapshot().bytes.length
  })
  console.log(`${start} start: ${(1e6 / (total / requests)).toFixed(0)} requests/s of learning on one core`)
  console.log(
    `${start} start: snapshot of ${(bytes / 1024).toFixed(0)} KiB in ${(snapshot / 1000).toFixed(1)} ms`,
  )
}
