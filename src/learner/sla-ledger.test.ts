import { describe, expect, it } from 'vitest'
import { type AuditPlan, isDrawnForAudit } from '../routing/audit-plan.ts'
import { createClassCertificate } from '../routing/certify/class-certificate.ts'
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
  readonly atMs?: number
  readonly windowMs?: number
  readonly audit?: AuditPlan
}

function recordOf(id: string, options: RecordOptions = {}): DecisionRecord {
  const { feedback = 'chosen', floor = 0.8, prediction = null, shadows = [], className = 'gold' } = options
  const sla: SlaClass = {
    name: className,
    floor: 0.8,
    feedback,
    promise: 'on-average',
    delta: options.delta ?? 0.05,
    ...(options.windowMs === undefined ? {} : { windowMs: options.windowMs }),
  }
  const estimates = [{ model: cheap, satisfaction: prediction, costUsd: null, score: 0 }]
  const probabilities = Float64Array.of(1, 0)
  const features = { encoder: 'e', buckets: new Uint16Array(0), counts: new Uint16Array(0) }
  return {
    id: decisionId(id),
    context: {
      sla,
      floor,
      atMs: options.atMs ?? 0,
      models: [cheap, dear].map(model => ({ id: model, priceUsdPerMillion: null, typicalCostUsd: null })),
      features: { ...features, statistics: new Float32Array(0) },
      promptTokens: 1,
      load: [],
    },
    decision: { chosen: cheap, mode: 'exploit', shadows, prices: [], probabilities, estimates },
    learnedUpTo: 0,
    ...(options.audit === undefined ? {} : { audit: options.audit }),
  }
}

function feed(ledger: SlaLedger, events: readonly LearningEvent[], from = 1): void {
  events.forEach((event, i) => {
    ledger.learn({ cursor: from + i, policy: 'p', event })
  })
}

const decided = (record: DecisionRecord): LearningEvent => ({
  kind: 'decision',
  atMs: record.context.atMs || 1,
  record,
})
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

    const wanted = createClassCertificate({ delta: 0.05 })
    const add = (satisfaction: number, floor: number, prediction: number): void =>
      wanted.add({ atMs: 0, floor, prediction }, { kind: 'label', satisfaction })
    add(1, 0.6, 0.5)
    add(0, 0.65, 0.9)
    add(1, 0.6 + 0.05 * 3, 0.7)
    expect(ledger.report('gold')).toMatchObject({ resolved: 4, silences: 1, certificate: wanted.reading() })
  })

  it('counts a label that comes after the window as late, and nothing more', () => {
    const ledger = createSlaLedger(null)
    const a = recordOf('a')
    feed(ledger, [decided(a), silence(a), said(a, 0)])
    expect(ledger.report('gold')).toMatchObject({ lateLabels: 1, labels: 0, satisfaction: null, resolved: 1 })
  })

  describe('where users only complain', () => {
    const audit = { probability: 0.4, humanShare: 1 }
    const options = { feedback: 'one-sided', audit, prediction: 0.7 } as const
    const records = Array.from({ length: 40 }, (_, i) => recordOf(`d${i}`, { ...options, atMs: 10 + i }))
    const drawn = records.filter(({ id }) => isDrawnForAudit(id, 0.4))
    const [first, second] = drawn
    if (first === undefined || second === undefined) throw new Error('no coin fell')
    const placeOf = (record: DecisionRecord): number => records.indexOf(record)

    it('certifies from audits alone, in decision order, up to the first drawn one without its label', () => {
      const ledger = createSlaLedger(null)
      feed(ledger, [...records.map(decided), audited(second, 1)])
      expect(ledger.report('gold')).toMatchObject({ labels: 1, audits: 1, resolved: placeOf(first) })
      feed(ledger, [audited(first, 0)], 50)
      const wanted = createClassCertificate({ delta: 0.05 })
      const passed = records.slice(0, placeOf(drawn[2] ?? first))
      for (const record of passed) {
        const value = record === first ? 0 : record === second ? 1 : null
        const draw = { probability: 0.4, drawn: value !== null, value }
        wanted.add({ atMs: 0, floor: 0.8, prediction: 0.7 }, { kind: 'audit', draw, humanShare: 1 })
      }
      expect(ledger.report('gold')).toMatchObject({
        resolved: passed.length,
        labels: 2,
        certificate: wanted.reading(),
      })
    })

    it('counts a drawn audit as unsatisfied in the lower bound when its day is over', () => {
      const ledger = createSlaLedger(null)
      const day = 86_400_000
      feed(ledger, [...records.map(decided), audited(second, 1)])
      const late = recordOf('late', { ...options, atMs: day + 10 + placeOf(first) })
      feed(ledger, [decided(late)], 50)
      expect(ledger.report('gold')?.resolved).toBe(placeOf(first))
      const later = recordOf('later', { ...options, atMs: day + 10_000 })
      feed(ledger, [decided(later), audited(first, 1)], 51)
      const report = ledger.report('gold')
      expect(report?.resolved).toBeGreaterThanOrEqual(records.length)
      expect(report).toMatchObject({ lateLabels: 1, labels: 2 })
      const promptly = createSlaLedger(null)
      feed(promptly, [
        ...records.map(decided),
        ...drawn.map(record => audited(record, 1)),
        decided(late),
        decided(later),
      ])
      expect(report?.certificate?.lower).toBeLessThanOrEqual(promptly.report('gold')?.certificate?.lower ?? 0)
      expect(report?.certificate?.labels).toBe(1)
    })

    it('waits for no label that is known not to come, and counts it as the worst on either side', () => {
      const ledger = createSlaLedger(null)
      feed(ledger, [...records.map(decided), said(first, 1, { metric: 'audit-missed' })])
      expect(ledger.report('gold')?.resolved).toBe(placeOf(second))
      feed(ledger, [audited(second, 1)], 50)
      const wanted = createClassCertificate({ delta: 0.05 })
      for (const record of records.slice(0, placeOf(drawn[2] ?? second))) {
        const drawnNow = record === first || record === second
        const draw = { probability: 0.4, drawn: drawnNow, value: record === second ? 1 : null }
        wanted.add({ atMs: 0, floor: 0.8, prediction: 0.7 }, { kind: 'audit', draw, humanShare: 1 })
      }
      expect(ledger.report('gold')?.certificate).toEqual(wanted.reading())
      // Too late: the decision is settled.
      feed(ledger, [audited(first, 1)], 51)
      expect(ledger.report('gold')).toMatchObject({ lateLabels: 1, certificate: { labels: 1 } })
    })

    it('takes complaints, silence and audits of another coin for nothing', () => {
      const undrawn = records.find(({ id }) => !isDrawnForAudit(id, 0.4))
      if (undrawn === undefined) throw new Error('every coin fell')
      const plain = createSlaLedger(null)
      feed(plain, [...records.map(decided), ...drawn.map(record => audited(record, 1))])
      const noisy = createSlaLedger(null)
      feed(noisy, [
        ...records.flatMap(record => [decided(record), said(record, 0)]),
        silence(first),
        audited(undrawn, 0),
        ...drawn.map(record => audited(record, 1)),
      ])
      expect(noisy.report('gold')?.certificate).toEqual(plain.report('gold')?.certificate)
      expect(noisy.report('gold')?.resolved).toBe(40)
    })

    it('claims nothing of a class that cannot be audited', () => {
      const ledger = createSlaLedger(null)
      const silent = Array.from({ length: 30 }, (_, i) => recordOf(`s${i}`, { feedback: 'one-sided' }))
      feed(ledger, [...silent.map(decided), ...silent.map(record => said(record, 0))])
      expect(ledger.report('gold')).toMatchObject({ certificate: null, labels: 0, resolved: 30 })
    })
  })

  it('raises the breach alarm beside the certificate', () => {
    const ledger = createSlaLedger(null)
    for (let i = 0; i < 120; i++) {
      const record = recordOf(`d${i}`, { atMs: 100 + i })
      feed(ledger, [decided(record), said(record, i % 2)], 2 * i + 1)
    }
    const alarm = ledger.report('gold')?.certificate?.alarm
    expect(alarm?.atDecision).toBeGreaterThan(10)
    expect(alarm?.atDecision).toBeLessThan(120)
    expect(alarm?.atMs).toBe(99 + (alarm?.atDecision ?? 0))
  })

  it('begins anew with every window of the class', () => {
    const ledger = createSlaLedger(null)
    for (let i = 0; i < 30; i++) {
      const record = recordOf(`d${i}`, { atMs: 100 + i, windowMs: 20 })
      feed(ledger, [decided(record), said(record, 1)], 2 * i + 1)
    }
    expect(ledger.report('gold')).toMatchObject({
      labels: 30,
      certificate: { labels: 10, delta: 0.05 / 6, window: { number: 2, fromMs: 120, toMs: 140 } },
      previousWindow: { labels: 20, delta: 0.05 / 2, window: { number: 1 } },
    })
  })

  it('certifies anew where labels come from elsewhere now', () => {
    const ledger = createSlaLedger(null)
    const a = recordOf('a')
    feed(ledger, [decided(a), said(a, 1), decided(recordOf('b', { feedback: 'none' }))])
    expect(ledger.report('gold')).toMatchObject({ labels: 1, certificate: null })
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
