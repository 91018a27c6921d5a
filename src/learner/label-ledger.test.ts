import { describe, expect, it } from 'vitest'
import { type DecisionRecord, decisionId } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { FeedbackKind } from '../routing/sla.ts'
import { createLabelLedger, type LabelLedger, type SignalReport } from './label-ledger.ts'

const [cheap, dear] = [modelId('p/cheap'), modelId('p/dear')]

function recordOf(
  id: string,
  {
    feedback = 'one-sided',
    audited = true,
  }: { readonly feedback?: FeedbackKind; readonly audited?: boolean } = {},
): DecisionRecord {
  return {
    id: decisionId(id),
    context: { sla: { name: 'gold', feedback }, atMs: 0 },
    decision: { chosen: cheap },
    // Drawn for sure, or not to be audited at all.
    ...(audited ? { audit: { probability: 1, humanShare: 1 } } : {}),
  } as unknown as DecisionRecord
}

const outcome = { costUsd: 0, promptTokens: 1, completionTokens: 1, latencyMs: 1, firstTokenMs: 1 }
const about = (record: DecisionRecord, model = cheap) => ({ atMs: 1, record, model })
const decided = (record: DecisionRecord): LearningEvent => ({ kind: 'decision', atMs: 0, record })
const served = (record: DecisionRecord, model = cheap): LearningEvent => ({
  kind: 'outcome',
  ...about(record, model),
  outcome: { ...outcome, error: null, shadow: false },
})
const told = (record: DecisionRecord, metric: string, value = 1, model = cheap): LearningEvent => ({
  kind: 'feedback',
  ...about(record, model),
  metric,
  value,
  source: metric === 'satisfaction' ? 'user' : 'system',
})
const audited = (record: DecisionRecord, value: number, probability = 0.5, model = cheap): LearningEvent => ({
  kind: 'audit',
  ...about(record, model),
  value,
  probability,
})

function feed(ledger: LabelLedger, events: readonly LearningEvent[]): void {
  const known = new Set<string>()
  const whole = events.flatMap(event => {
    if (event.kind !== 'outcome' || known.has(event.record.id)) return [event]
    known.add(event.record.id)
    return [decided(event.record), event]
  })
  whole.forEach((event, i) => {
    ledger.learn({ cursor: i + 1, policy: 'p', event })
  })
}

function signalOf(ledger: LabelLedger, metric: string): SignalReport {
  const found = ledger.report('gold')?.signals.find(signal => signal.metric === metric)
  if (found === undefined) throw new Error(`no ${metric}`)
  return found
}

describe('the ledger of labels', () => {
  it('knows nothing of a class without decisions', () => {
    expect(createLabelLedger(null).report('gold')).toBeNull()
  })

  it('weighs labels by their audits, and takes a signal before its label or after it', () => {
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(id => recordOf(id, { audited: id !== 'e' }))
    if (!(a && b && c && d && e)) throw new Error('five records')
    const ledger = createLabelLedger(null)
    feed(ledger, [
      served(a),
      told(a, 'regenerated'),
      audited(a, 0, 0.5),
      served(b),
      audited(b, 1, 0.1),
      told(b, 'regenerated'),
      told(b, 'regenerated'),
      served(c),
      audited(c, 1, 0.5),
      served(d),
      audited(d, 0.5, 0.25),
      // Seen, but nobody audited it: it teaches nothing of what it is worth.
      served(e),
      told(e, 'regenerated'),
    ])
    const { unsatisfiedWith, unsatisfiedWithout, seen, state } = signalOf(ledger, 'regenerated')
    // Weights 2 (unsatisfied) and 10 (satisfied); 2 (satisfied) and 4 (half).
    expect(unsatisfiedWith).toMatchObject({ estimate: 2 / 12, count: 2 })
    expect(unsatisfiedWithout).toMatchObject({ estimate: 2 / 6, count: 2 })
    expect([seen, state]).toEqual([4, 'unproven'])
    expect(ledger.report('gold')).toMatchObject({
      coins: 4,
      drawn: 4,
      meanProbability: 1,
    })
  })

  it('estimates complaint rates by model, whenever the complaint comes', () => {
    const ledger = createLabelLedger(null)
    const events: LearningEvent[] = []
    for (let i = 0; i < 10; i++) {
      const record = recordOf(`cheap${i}`)
      const complaint = told(record, 'satisfaction', 0)
      // 8 failures of which 4 complain, before or after the audit; 2 successes of which one complains.
      const complains = i % 2 === 0 ? [complaint] : []
      events.push(served(record), ...(i < 5 ? complains : []), audited(record, i < 8 ? 0 : 1))
      events.push(...(i < 5 ? [] : complains))
    }
    for (let i = 0; i < 4; i++) {
      const record = recordOf(`dear${i}`)
      // The dear model answered as a fallback; a complaint about the chosen one is not about this answer.
      events.push(served(record, dear), audited(record, 0, 0.5, dear))
      events.push(told(record, 'satisfaction', 0, i === 0 ? dear : cheap))
    }
    feed(ledger, events)
    expect(ledger.report('gold')?.complaints).toMatchObject([
      {
        model: cheap,
        whenUnsatisfied: { estimate: 0.5, count: 8 },
        whenSatisfied: { estimate: 0.5, count: 2 },
      },
      { model: dear, whenUnsatisfied: { estimate: 0.25, count: 4 }, whenSatisfied: null },
    ])
  })

  it("measures a judge's error where a human judged as well", () => {
    const ledger = createLabelLedger(null)
    const events: LearningEvent[] = []
    const pairs = [...Array(6).fill([0, 0]), ...Array(2).fill([1, 0]), ...Array(15).fill([1, 1]), [0, 1]]
    for (const [i, [judge, human]] of pairs.entries()) {
      const record = recordOf(`d${i}`)
      const corrected = judge + (human - judge) / 0.1
      events.push(served(record), told(record, 'judge-verdict', judge))
      events.push(told(record, 'human-verdict', human), audited(record, corrected))
    }
    feed(ledger, [...events, served(recordOf('x')), audited(recordOf('x'), 1)])
    expect(ledger.report('gold')?.judge).toMatchObject({
      humanLabels: 24,
      falsePositive: { estimate: 2 / 8, count: 8 },
      falseNegative: { estimate: 1 / 16, count: 16 },
    })
  })

  it('counts audits that were missed, and takes user labels where users praise as well', () => {
    const ledger = createLabelLedger(null)
    const record = recordOf('a', { feedback: 'chosen' })
    const missed = recordOf('b', { feedback: 'chosen' })
    feed(ledger, [
      decided(record),
      told(record, 'abandoned'),
      told(record, 'satisfaction', 0),
      told(record, 'satisfaction', 1),
      decided(missed),
      told(missed, 'audit-missed', 0),
    ])
    expect(signalOf(ledger, 'abandoned').unsatisfiedWith).toMatchObject({ estimate: 1, count: 1 })
    expect(ledger.report('gold')?.missed).toBe(1)
  })

  it('goes on from a snapshot as if it had never stopped, whatever the batches', () => {
    const events: LearningEvent[] = []
    const random = createRandom('snapshots')
    for (let i = 0; i < 6000; i++) {
      const record = recordOf(`d${i}`)
      events.push(served(record))
      if (random.next() < 0.3) events.push(told(record, random.next() < 0.5 ? 'rephrased' : 'abandoned'))
      if (random.next() < 0.8) events.push(audited(record, Number(random.next() < 0.7)))
      if (random.next() < 0.3) events.push(told(recordOf(`d${random.integer(i + 1)}`), 'satisfaction', 0))
    }
    const whole = createLabelLedger(null)
    feed(whole, events)
    let parts = createLabelLedger(null)
    for (let i = 0; i < events.length; i += 4001) {
      feed(parts, events.slice(i, i + 4001))
      parts = createLabelLedger(parts.snapshot())
    }
    expect(parts.snapshot()).toEqual(whole.snapshot())
    expect(() => createLabelLedger({ ...whole.snapshot(), schema: 9 })).toThrow(/schema 9/)
  })

  /** Looked at after every audit; `lift` is how much likelier a signal is where the user is unsatisfied. */
  function everProven(seed: string, lift: number): boolean {
    const ledger = createLabelLedger(null)
    const random = createRandom(seed)
    for (let i = 0; i < 600; i++) {
      const record = recordOf(`${seed}${i}`)
      const value = Number(random.next() < 0.8)
      const events = [served(record)]
      if (random.next() < 0.2 * (value === 0 ? lift : 1)) events.push(told(record, 'regenerated'))
      feed(ledger, [...events, audited(record, value)])
      if (signalOf(ledger, 'regenerated').state === 'proven') return true
    }
    return false
  }

  it('hardly ever proves a signal that says nothing, at any look, and proves one that does', () => {
    const runs = 100
    const proven = (lift: number): number =>
      Array.from({ length: runs }, (_, run) => everProven(`run${lift}-${run}`, lift)).filter(Boolean).length
    expect(proven(1)).toBeLessThanOrEqual(5)
    expect(proven(3)).toBeGreaterThan(90)
  })
})
