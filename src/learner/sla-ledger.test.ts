import { describe, expect, it } from 'vitest'
import { createCertificate } from '../routing/certify/certificate.ts'
import { type DecisionRecord, decisionId } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { type ModelId, modelId } from '../routing/model.ts'
import type { FeedbackKind, SlaClass } from '../routing/sla.ts'
import { createSlaLedger, type SlaLedger } from './sla-ledger.ts'

const [cheap, dear] = [modelId('p/cheap'), modelId('p/dear')]

interface RecordOptions {
  readonly feedback?: FeedbackKind
  readonly floor?: number
  readonly prediction?: number | null
  readonly shadows?: readonly ModelId[]
  readonly className?: string
  readonly delta?: number
}

function recordOf(id: string, options: RecordOptions = {}): DecisionRecord {
  const { feedback = 'chosen', floor = 0.8, prediction = null, shadows = [], className = 'gold' } = options
  const sla: SlaClass = {
    name: className,
    floor: 0.8,
    feedback,
    promise: 'on-average',
    delta: options.delta ?? 0.05,
  }
  const estimates = [{ model: cheap, satisfaction: prediction, costUsd: null, score: 0 }]
  const probabilities = Float64Array.of(1, 0)
  const features = { encoder: 'e', buckets: new Uint16Array(0), counts: new Uint16Array(0) }
  return {
    id: decisionId(id),
    context: {
      sla,
      floor,
      atMs: 0,
      models: [cheap, dear].map(model => ({ id: model, priceUsdPerMillion: null, typicalCostUsd: null })),
      features: { ...features, statistics: new Float32Array(0) },
      promptTokens: 1,
      load: [],
    },
    decision: { chosen: cheap, mode: 'exploit', shadows, prices: [], probabilities, estimates },
    learnedUpTo: 0,
  }
}

function feed(ledger: SlaLedger, events: readonly LearningEvent[], from = 1): void {
  events.forEach((event, i) => {
    ledger.learn({ cursor: from + i, policy: 'p', event })
  })
}

const decided = (record: DecisionRecord): LearningEvent => ({ kind: 'decision', atMs: 1, record })
const silence = (record: DecisionRecord): LearningEvent => ({ kind: 'silence', atMs: 9, record })
const audited = (record: DecisionRecord, value: number): LearningEvent => ({
  kind: 'audit',
  atMs: 5,
  record,
  model: cheap,
  value,
  probability: 0.1,
})
const said = (
  record: DecisionRecord,
  value: number,
  { model = cheap, metric = 'satisfaction' } = {},
): LearningEvent => ({
  kind: 'feedback',
  atMs: 3,
  record,
  model,
  metric,
  value,
  source: 'user',
})
const called = (
  record: DecisionRecord,
  { model = cheap, costUsd = null as number | null, error = null as string | null, shadow = false },
): LearningEvent => {
  const measured = { promptTokens: null, completionTokens: null, latencyMs: null, firstTokenMs: null }
  return { kind: 'outcome', atMs: 2, record, model, outcome: { ...measured, costUsd, error, shadow } }
}

describe('the SLA ledger', () => {
  it('knows nothing of a class before its first decision', () => {
    expect(createSlaLedger(null).report('gold')).toBeNull()
    expect(createSlaLedger(null).reports()).toEqual([])
  })

  it('counts requests, costs, failures and who served', () => {
    const ledger = createSlaLedger(null)
    const [a, b, c] = [recordOf('a'), recordOf('b'), recordOf('c')]
    feed(ledger, [
      decided(a),
      called(a, { costUsd: 2 }),
      decided(b),
      called(b, { error: 'upstream_timeout' }),
      called(b, { model: dear, costUsd: 5 }),
      decided(c),
      called(c, {}),
      called(c, { model: dear, costUsd: 3, shadow: true }),
    ])
    expect(ledger.report('gold')).toMatchObject({
      className: 'gold',
      requests: 3,
      costUsd: 10,
      shadowCostUsd: 3,
      unpricedCalls: 1,
      failedCalls: 1,
      share: { 'p/cheap': 2 / 3, 'p/dear': 1 / 3 },
      asOf: 8,
      asOfMs: 2,
      labels: 0,
      satisfaction: null,
      recentSatisfaction: null,
      certificate: null,
    })
  })

  it('takes one label per decision: the first on the served answer', () => {
    const ledger = createSlaLedger(null)
    const [a, b] = [recordOf('a', { shadows: [dear] }), recordOf('b')]
    feed(ledger, [
      decided(a),
      decided(b),
      said(a, 0, { model: dear }),
      said(a, 0, { metric: 'safety' }),
      said(a, 1),
      said(a, 0),
      said(b, 0.5, { model: dear }),
    ])
    expect(ledger.report('gold')).toMatchObject({
      labels: 2,
      satisfaction: 0.75,
      feedback: { user: 5, judge: 0, test: 0, system: 0 },
    })
  })

  it('certifies in decision order with the predictions of the decisions', () => {
    const ledger = createSlaLedger(null)
    const records = [0.5, 0.9, null, 0.7].map((prediction, i) =>
      recordOf(`d${i}`, { prediction, floor: 0.6 + 0.05 * i }),
    )
    const labels = [1, 0, null, 1]
    feed(ledger, records.map(decided))
    feed(
      ledger,
      [3, 1].flatMap(i => said(records[i] ?? recordOf(''), labels[i] ?? 0)),
      5,
    )
    expect(ledger.report('gold')).toMatchObject({ labels: 2, resolved: 0, certificate: null })
    feed(ledger, [said(records[0] ?? recordOf(''), 1), silence(records[2] ?? recordOf(''))], 7)

    const wanted = createCertificate({ delta: 0.05 })
    wanted.add({ satisfaction: 1, floor: 0.6, prediction: 0.5 })
    wanted.add({ satisfaction: 0, floor: 0.65, prediction: 0.9 })
    wanted.add({ satisfaction: 1, floor: 0.6 + 0.05 * 3, prediction: 0.7 })
    expect(ledger.report('gold')).toMatchObject({ resolved: 4, silences: 1, certificate: wanted.reading() })
  })

  it('counts a label that comes after the window as late, and nothing more', () => {
    const ledger = createSlaLedger(null)
    const a = recordOf('a')
    feed(ledger, [decided(a), silence(a), said(a, 0)])
    expect(ledger.report('gold')).toMatchObject({ lateLabels: 1, labels: 0, satisfaction: null, resolved: 1 })
  })

  it('certifies classes of complaints from audits alone', () => {
    const ledger = createSlaLedger(null)
    const [a, b] = [recordOf('a', { feedback: 'one-sided' }), recordOf('b', { feedback: 'one-sided' })]
    feed(ledger, [decided(a), decided(b), said(a, 0), audited(b, 1), silence(b)])
    expect(ledger.report('gold')).toMatchObject({ labels: 1, satisfaction: 1, audits: 1, silences: 1 })
    expect(ledger.report('gold')?.certificate?.labels).toBe(1)
  })

  it('forgets all but the last 200 labels in its short mean', () => {
    const ledger = createSlaLedger(null)
    for (let i = 0; i < 300; i++) {
      const record = recordOf(`d${i}`)
      feed(ledger, [decided(record), said(record, i < 150 ? 0 : 1)], 2 * i + 1)
    }
    expect(ledger.report('gold')).toMatchObject({ satisfaction: 0.5, recentSatisfaction: 0.75, labels: 300 })
  })

  it('takes on a changed delta with what it has folded', () => {
    const ledger = createSlaLedger(null)
    const a = recordOf('a')
    feed(ledger, [decided(a), said(a, 1), decided(recordOf('b', { delta: 0.01 }))])
    expect(ledger.report('gold')?.certificate).toMatchObject({ delta: 0.01, labels: 1, estimate: 1 })
  })

  it('continues from a snapshot as if it had never stopped', () => {
    const events = Array.from({ length: 60 }, (_, i) => {
      const record = recordOf(`d${i}`, { className: i % 3 === 0 ? 'gold' : 'bronze', prediction: 0.6 })
      return [decided(record), called(record, { costUsd: i }), ...(i % 4 === 0 ? [] : [said(record, i % 2)])]
    }).flat()
    const whole = createSlaLedger(null)
    feed(whole, events)
    const first = createSlaLedger(null)
    feed(first, events.slice(0, 70))
    const second = createSlaLedger(first.snapshot())
    feed(second, events.slice(70), 71)
    expect(second.snapshot()).toEqual(whole.snapshot())
    expect(second.reports()).toEqual(whole.reports())
    expect(whole.reports().map(({ className }) => className)).toEqual(['bronze', 'gold'])
  })

  it('refuses a foreign snapshot', () => {
    const snapshot = { policy: 'mess-plus', schema: 1, bytes: new Uint8Array(0) }
    expect(() => createSlaLedger(snapshot)).toThrow(/written by mess-plus in schema 1/)
  })
})
