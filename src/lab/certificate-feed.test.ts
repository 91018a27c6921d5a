import { expect, it } from 'vitest'
import { createSlaLedger } from '../learner/sla-ledger.ts'
import { isDrawnForAudit } from '../routing/audit-plan.ts'
import { decisionId } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { createCertificateFeed, type JudgedDecision } from './certificate-feed.ts'
import { parseChannel } from './feedback-channel.ts'
import { replay } from './replay.ts'
import { scriptedPolicy } from './scripted-policy.fixture.ts'
import { tinyPrepared } from './tiny-trace.fixture.ts'
import { createWorld } from './world.ts'

const prepared = tinyPrepared(
  Array.from({ length: 600 }, (_, i) => ({ scores: [i % 9 === 0 ? 0 : 1], costsUsd: [1] })),
)
const probability = 0.3

/** Decisions of a run with their true labels, each with the probability of its audit. */
function decisionsOf(channel: 'chosen' | 'one-sided:.5') {
  const { trace } = prepared
  const steps = replay(
    { kind: 'policy', policy: scriptedPolicy({ predicted: 0.8 }) },
    {
      prepared,
      world: createWorld({ trace, order: [...trace.rows.keys()], drifts: [], seed: 1 }),
      sla: {
        name: 'class',
        floor: 0.8,
        feedback: channel === 'chosen' ? 'chosen' : 'one-sided',
        promise: 'on-average',
        delta: 0.05,
      },
      floors: { kind: 'constant', floor: 0.8 },
      channel: parseChannel(channel, trace.models),
      audits: { budget: 0, judge: null, humanShare: 0 },
      delay: 0,
      seed: 1,
      typicalCostUsd: () => null,
    },
  )
  return [...steps].map(({ record, satisfaction }) => {
    const id = decisionId(record.id)
    return {
      record: { ...record, audit: { probability, humanShare: 1 } },
      satisfaction,
      drawn: isDrawnForAudit(id, probability),
    }
  })
}

it.each(['chosen', 'one-sided:.5'] as const)('says of %s what the ledger of a gateway says', channel => {
  const feed = createCertificateFeed({
    channel: parseChannel(channel, prepared.trace.models),
    audits: { budget: probability, judge: null, humanShare: 0 },
    delta: 0.05,
  })
  const ledger = createSlaLedger(null)
  let cursor = 0
  const learn = (event: LearningEvent): void => ledger.learn({ cursor: ++cursor, policy: 'p', event })
  for (const { record, satisfaction, drawn } of decisionsOf(channel)) {
    const { chosen: model } = record.decision
    const atMs = record.context.atMs
    const said: JudgedDecision['said'] =
      channel === 'chosen'
        ? [
            {
              kind: 'feedback',
              atMs,
              record,
              model,
              metric: 'satisfaction',
              value: satisfaction,
              source: 'user',
            },
          ]
        : []
    learn({ kind: 'decision', atMs, record })
    said.forEach(learn)
    if (drawn) learn({ kind: 'audit', atMs, record, model, value: satisfaction, probability })
    feed.add({ record, said, audit: { probability, value: drawn ? satisfaction : null } })
  }
  const reading = feed.reading()
  expect(reading.labels).toBeGreaterThan(100)
  expect(ledger.report('class')?.certificate).toEqual(reading)
})
