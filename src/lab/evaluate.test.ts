import { describe, expect, it } from 'vitest'
import { createRandom } from '../routing/numeric/random.ts'
import { evaluationCsv } from './evaluate/evaluation-csv.ts'
import { evaluationJson } from './evaluate/evaluation-json.ts'
import { type EvaluationRequest, planEvaluation, withoutTexts } from './evaluate/evaluation-plan.ts'
import { evaluate } from './evaluate.ts'
import { type TinyRow, tinyPrepared } from './tiny-trace.fixture.ts'

/** Short prompts are easy: m0 answers them; m1 answers most. */
function tinyRows(count: number, hidden = 'h'): readonly TinyRow[] {
  const random = createRandom(`rows/${count}`)
  return Array.from({ length: count }, (_, i) => {
    const hard = i % 2
    return {
      scores: [random.next() < (hard ? 0.2 : 0.9) ? 1 : 0, random.next() < 0.9 ? 1 : 0],
      costsUsd: [1 + random.next(), 5 + random.next()],
      prompt: `${i} ${'x'.repeat(hard * 40)}`,
      hidden: { id: `${hidden}-${i}`, task: hidden, split: hidden, promptTokens: i * hidden.length },
    }
  })
}

const request: EvaluationRequest = {
  prepared: tinyPrepared(tinyRows(120)),
  policies: ['static-mixture', 'mess-plus', 'fixed:m1', 'cheapest-feasible', 'oracle'],
  floors: { kind: 'auto' },
  rows: { kind: 'random', trainingShare: 0.7, seeds: [1, 2] },
}
const evaluation = evaluate(planEvaluation(request))
const json = JSON.parse(JSON.stringify(evaluationJson(evaluation)))

const withoutSeconds = (value: object) => ({ ...value, seconds: null })

describe('evaluate', () => {
  it('gives the same figures again, with texts or without', () => {
    const again = evaluate(withoutTexts(planEvaluation(request)))
    expect(withoutSeconds(evaluationJson(again))).toEqual(withoutSeconds(evaluationJson(evaluation)))
  })

  it('decides alike whatever stands in the fields that policies must not see', () => {
    const permuted = evaluate(planEvaluation({ ...request, prepared: tinyPrepared(tinyRows(120, 'other')) }))
    expect(permuted.splits.map(split => split.results.map(result => result.choices))).toEqual(
      evaluation.splits.map(split => split.results.map(result => result.choices)),
    )
  })

  it('keeps a fixed model and the oracle to what the rows say', () => {
    const [split] = evaluation.splits
    const { test, testMeans } = split?.data ?? {}
    for (const run of split?.results[2]?.runs ?? []) {
      expect(run.satisfaction).toBeCloseTo(testMeans?.satisfaction[1] ?? 0, 12)
      expect(run.costUsd).toBeCloseTo(testMeans?.costUsd[1] ?? 0, 12)
    }
    const satisfiable = Array.from({ length: test?.rows ?? 0 }, (_, row) =>
      Math.max(test?.satisfaction[2 * row] ?? 0, test?.satisfaction[2 * row + 1] ?? 0),
    )
    const best = satisfiable.reduce((sum, value) => sum + value, 0) / satisfiable.length
    expect(split?.results[4]?.runs[0]?.satisfaction).toBeCloseTo(best, 12)
  })

  it('takes for static-mixture the mixture of the training means', () => {
    for (const { data, results } of evaluation.splits) {
      const { satisfaction } = data.trainingMeans
      const [low = 0, high = 0] = satisfaction
      const halfway = results[0]?.choices[5] ?? new Int32Array()
      expect(data.floors[5]).toBeCloseTo((low + high) / 2, 12)
      const share = halfway.reduce((sum, choice) => sum + choice, 0) / halfway.length
      // A lottery of one half over 36 rows: within three standard deviations.
      expect(Math.abs(share - 0.5)).toBeLessThan(0.25)
    }
  })

  it('rehearses the policies whose price moves by learning alone', () => {
    expect(json.rehearsed).toEqual(['mess-plus', 'fixed:m1'])
    const runs = evaluation.splits[0]?.results[1]?.runs ?? []
    // Without it the queue is empty at every floor, and the cheapest model answers everything.
    expect(new Set(runs.map(run => run.costUsd)).size).toBeGreaterThan(1)
  })
})

describe('evaluationJson', () => {
  it('has one run per policy, seed and floor', () => {
    expect(json.trace).toBe('tiny')
    expect(json.seeds).toBe(2)
    expect(json.runs).toHaveLength(5 * 2 * 11)
    expect(Object.keys(json.runs[0])).toEqual([
      'policy',
      'floor',
      'seed',
      'satisfaction',
      'costUsd',
      'certifiedLower',
    ])
    for (const run of json.runs) expect(run.certifiedLower).toBeLessThanOrEqual(run.satisfaction)
  })

  it('has every metric of every policy as mean and deviation', () => {
    const metrics = [
      'floorCompliance',
      'missedByOnePoint',
      'meanMiss',
      'meanOvershoot',
      'pearson',
      'slope',
      'intercept',
      'rmse',
      'billSavedVsBestFixed',
      'billSavedVsMixture',
      'pointsOverMixture',
      'gap',
      'costVsClairvoyant',
      'brier',
      'auc',
      'ece',
    ]
    expect(Object.keys(json.policies)).toEqual(request.policies)
    for (const metric of metrics) {
      expect(json.policies['static-mixture'][metric]).toEqual({
        mean: expect.any(Number),
        sd: expect.any(Number),
      })
    }
    expect(json.policies['fixed:m1'].brier).toBeNull()
  })

  it('has the means of every model over all rows', () => {
    const rows = request.prepared.trace.rows
    const mean = (of: (row: (typeof rows)[number]) => number): number =>
      rows.reduce((sum, row) => sum + of(row), 0) / rows.length
    expect(json.models).toEqual({
      m0: {
        satisfaction: expect.closeTo(
          mean(row => row.scores[0] ?? 0),
          12,
        ),
        costUsd: expect.closeTo(
          mean(row => row.costsUsd[0] ?? 0),
          12,
        ),
      },
      m1: {
        satisfaction: expect.closeTo(
          mean(row => row.scores[1] ?? 0),
          12,
        ),
        costUsd: expect.closeTo(
          mean(row => row.costsUsd[1] ?? 0),
          12,
        ),
      },
    })
  })

  it('leaves the first automatic floor out of the summaries', () => {
    const [split] = evaluation.splits
    const runs = split?.results[0]?.runs ?? []
    const met = runs.slice(1).filter(run => run.satisfaction >= run.floor - 1e-12).length
    expect(split?.results[0]?.metrics.floorCompliance).toBeCloseTo(met / 10, 12)
  })
})

describe('a test trace', () => {
  const test = tinyPrepared(tinyRows(80).map(row => ({ ...row, prompt: `test ${row.prompt}` })))
  const one = evaluate(
    planEvaluation({ ...request, policies: ['static-mixture', 'random'], rows: { kind: 'trace', test } }),
  )

  it('is one split over all its rows with errors by resampling', () => {
    expect(one.splits).toHaveLength(1)
    expect([one.splits[0]?.data.training.features.length, one.splits[0]?.data.test.rows]).toEqual([120, 80])
    const { pointsOverMixture, costVsClairvoyant } = one.policies['static-mixture'] ?? {}
    expect(pointsOverMixture?.sd).toBeGreaterThan(0)
    expect(pointsOverMixture?.mean).toBe(one.splits[0]?.results[0]?.metrics.pointsOverMixture)
    expect(costVsClairvoyant?.sd).toBeNull()
  })
})

describe('evaluationCsv', () => {
  it('says the same, one figure per line', () => {
    const [header, ...lines] = evaluationCsv(evaluation).trimEnd().split('\n')
    expect(header).toBe('kind,name,seed,floor,metric,value,sd')
    const run = json.runs[3]
    expect(lines).toContain(`policy,${run.policy},1,${run.floor},costUsd,${run.costUsd},`)
    const { mean, sd } = json.policies.oracle.billSavedVsMixture
    expect(lines).toContain(`policy,oracle,,,billSavedVsMixture,${mean},${sd}`)
    expect(lines).toContain(`model,m0,,,costUsd,${json.models.m0.costUsd},`)
  })
})
