import { describe, expect, it } from 'vitest'
import { modelId } from '../../routing/model.ts'
import { everybodySpeaks } from '../../simulation/feedback-model.ts'
import { createTraceWorld } from '../../simulation/trace-world.ts'
import { type DemoReport, reportDemo } from './demo-report.ts'
import { summariseDemo } from './demo-summary.ts'
import type { DemoOutcome } from './run-demo.ts'
import { createTally } from './tally.ts'

const rows = 400
const world = createTraceWorld({
  name: 'quarters',
  models: ['p/small', 'p/large'],
  rows: Array.from({ length: rows }, (_, row) => ({
    prompt: `prompt ${row}`,
    scores: [row % 4 === 0 ? 0 : 1, 1],
    costsUsd: [0.001, 0.004],
    promptTokens: null,
    completionTokens: null,
    answers: null,
  })),
  latency: { medianMs: 0, spread: 0 },
})

const options = {
  tracePath: 'quarters.jsonl',
  floor: 0.75,
  satisfiedAt: null,
  feedback: everybodySpeaks,
  auditBudget: 0,
  policy: 'plimsoll',
  requests: rows,
  seed: 1,
  json: false,
}

type Certificate = { readonly state: string; readonly labels: number }

/** A run in which the small model answered everything: satisfaction .75. */
function ended(floor: number, certificate: Certificate = { state: 'undecided', labels: rows }): DemoOutcome {
  const tally = createTally(world, rows)
  const model = modelId('p/small')
  for (let row = 0; row < rows; row++) {
    const { satisfaction, costUsd } = world.answer(row, model)
    tally.bill(row, costUsd)
    const served = {
      row,
      model,
      satisfaction,
      costUsd,
      decisionId: `${row}`,
      streamed: false,
      explored: false,
    }
    tally.serve({ floor, served: { ...served, latencyMs: 1, overheadMs: row / 100 } })
  }
  const constraint = {
    name: 'satisfaction',
    lower: 0.7,
    upper: 0.8,
    delta: 0.05,
    priceUsd: 0.002,
    ...certificate,
  }
  return {
    tally,
    reading: {
      floor,
      requests: rows,
      costUsd: 0.4,
      constraints: [constraint],
      infeasible: null,
      alarms: [{ atDecision: 7, kind: 'change:p/small' }],
    },
    floor,
    elapsedMs: 2000,
    audited: 0,
    failures: [],
    endedEarly: false,
  }
}

function reported(outcome: DemoOutcome): DemoReport {
  const report = reportDemo(options, world, outcome)
  if (report === null) throw new Error('the run has answers')
  return report
}

function summary(outcome: DemoOutcome): string {
  const setting = { watched: false, command: 'plimsoll demo', trace: '--trace quarters.jsonl' }
  const lines = summariseDemo(reported(outcome), outcome, setting)
  return lines.map(line => line.map(span => span.text).join('')).join('\n')
}

describe('demo report', () => {
  it('has the figures of a replay, computed by hand', () => {
    expect(reported(ended(0.75))).toMatchObject({
      trace: 'quarters',
      floor: 0.75,
      requests: 400,
      satisfaction: 0.75,
      costUsd: expect.closeTo(0.001, 12),
      shadowCostUsd: 0,
      share: { 'p/small': 1, 'p/large': 0 },
      // Every window of 200 holds exactly 50 unsatisfied rows.
      shortfall200: 0,
      violations200: 0,
      overshoot: 0,
      phases: [{ from: 0, to: rows, satisfaction: 0.75, costUsd: expect.closeTo(0.001, 12) }],
      alarms: [{ at: 7, kind: 'change:p/small' }],
      requestsPerSecond: 200,
      overheadMs: { p50: 1.99, p99: 3.95 },
      references: { bestFixed: { model: 'p/large' }, staticMixture: { costUsd: expect.closeTo(0.001, 12) } },
    })
  })

  it('measures violations against the floor that held', () => {
    expect(reported(ended(0.74)).references.cheapestFeasibleFixed?.model).toBe('p/small')
    const report = reported(ended(0.8))
    expect(report.references.cheapestFeasibleFixed?.model).toBe('p/large')
    expect(report.violations200).toBe(1)
    expect(report.shortfall200).toBeCloseTo(0.05, 12)
    // .8 out of .75 at $.001 and 1 at $.004: a fifth of the dear one.
    expect(report.references.staticMixture?.costUsd).toBeCloseTo(0.0016, 12)
  })

  it('says nothing of a run without answers', () => {
    expect(reportDemo(options, world, { ...ended(0.75), tally: createTally(world, rows) })).toBeNull()
  })
})

describe('demo summary', () => {
  it('calls a promise kept, missed, or short by less than chance moves it', () => {
    // Twice the standard error: 2 sqrt(.75 x .25 / 400) = .043.
    expect(summary(ended(0.75))).toContain('floor 0.750, served 0.750 over 400: kept in this run, just')
    expect(summary(ended(0.7))).toContain('kept in this run, by 0.050')
    expect(summary(ended(0.78))).toContain('0.030 short (noise ±0.043)')
    expect(summary(ended(0.85))).toContain('missed in this run, by 0.100')
  })

  it('claims a proof only where there is one', () => {
    expect(summary(ended(0.75))).toMatch(
      /proof +not yet decided: true mean in \[0\.700, 0\.800\] at 90%, 400 labels/,
    )
    expect(summary(ended(0.7, { state: 'compliant', labels: 400 }))).toMatch(/proof +proven kept/)
    expect(summary(ended(0.85, { state: 'breached', labels: 400 }))).toMatch(/proof +proven broken/)
    expect(summary(ended(0.75, { state: 'undecided', labels: 0 }))).toMatch(
      /proof +none: complaints and silence/,
    )
    expect(summary(ended(0.75))).not.toMatch(/guarantee/i)
  })

  it('puts the cost beside what else could have served the same rows', () => {
    const text = summary(ended(0.75))
    expect(text).toContain('$1.00 per 1,000 requests')
    expect(text).toMatch(/static mixture, as good +\$1\.00 +the same/)
    expect(text).toMatch(/best model +\$4\.00 +75% saved +large 1\.000/)
    expect(summary(ended(0.85))).toMatch(/cheapest model on floor +\$4\.00 +75% saved +large/)
  })

  it('suggests commands that go on with the same trace', () => {
    expect(summary(ended(0.75))).toContain('plimsoll replay --trace quarters.jsonl --floor 0.75 --seeds 5')
  })

  it('fits 80 columns', () => {
    const widths = [0.7, 0.75, 0.78, 0.85].flatMap(floor =>
      summary(ended(floor))
        .split('\n')
        .map(line => line.length),
    )
    expect(Math.max(...widths)).toBeLessThanOrEqual(80)
  })

  it('says when it was ended early and what failed', () => {
    expect(summary({ ...ended(0.75), endedEarly: true })).toContain(
      'early; these are the requests answered until then',
    )
    const outcome = { ...ended(0.75), failures: ['request: the gateway answered 503'] }
    outcome.tally.fail(0)
    expect(summary(outcome)).toContain('1 requests; request: the gateway answered 503')
  })
})
