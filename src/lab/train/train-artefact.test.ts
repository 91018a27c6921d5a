import { describe, expect, it } from 'vitest'
import { createHashedFeaturizer } from '../../routing/features/hashed-ngrams.ts'
import { policyDefinitions } from '../../routing/policies/registry.ts'
import { encodeArtefact } from '../../store/artefact.ts'
import { prepareTrace } from '../prepare-trace.ts'
import { type RunSpec, startReplay } from '../run-replay.ts'
import { tinyTrace } from '../tiny-trace.fixture.ts'
import type { Trace } from '../trace.ts'
import { traceFingerprint } from './trace-fingerprint.ts'
import { type TrainingSpec, trainArtefact } from './train-artefact.ts'

const featurizer = createHashedFeaturizer()
/** Sums are easy, proofs are not; the second model costs ten times the first. */
const trace = tinyTrace(
  Array.from({ length: 120 }, (_, i) => {
    const hard = i % 3 === 0
    return {
      prompt: hard ? `Prove lemma ${i} on compact manifolds.` : `Add ${i} and ${i + 1}.`,
      scores: [hard && i % 2 === 0 ? 0 : 1, 1],
      costsUsd: [1e-4, hard ? 2e-3 : 5e-4],
    }
  }),
)
const prepared = prepareTrace(trace, featurizer, true)
const spec: TrainingSpec = {
  prepared,
  policy: 'plimsoll',
  parameters: {},
  satisfiedAt: null,
  seed: null,
  codeVersion: '1.0.0',
  fingerprint: traceFingerprint(trace),
}

/** A long training shows no more here than a short one. */
const shortened: Readonly<Record<string, Readonly<Record<string, number>>>> = { proteus: { steps: 50 } }

describe('trainArtefact', () => {
  const artefact = trainArtefact(spec)

  it('gives equal bytes for equal rows, and others for rows in another order', () => {
    expect(encodeArtefact(trainArtefact(spec))).toEqual(encodeArtefact(artefact))
    const seeded = trainArtefact({ ...spec, seed: 3 })
    expect(encodeArtefact(seeded)).toEqual(encodeArtefact(trainArtefact({ ...spec, seed: 3 })))
    expect(seeded.snapshot.bytes).not.toEqual(artefact.snapshot.bytes)
    expect(seeded.training.fingerprint).toBe(traceFingerprint(trace))
  })

  it('says what it was trained on and what it learned', () => {
    expect(artefact.training).toMatchObject({ trace: 'tiny', rows: 120, satisfiedAt: null, seed: null })
    expect(artefact.parameters).toMatchObject({ exploration: 0.75, outlayGuard: 0 })
    const [small, large] = artefact.learned
    // 20 of 120 rows are both multiples of three and even.
    expect(small?.satisfaction).toBeCloseTo(100 / 120, 12)
    expect(small?.costUsd).toBeCloseTo(1e-4, 12)
    expect(large?.satisfaction).toBeCloseTo(1, 12)
    expect(large?.costUsd).toBeCloseTo((40 * 2e-3 + 80 * 5e-4) / 120, 12)
    expect(artefact.models[1]?.typicalCostUsd).toBeCloseTo(large?.costUsd ?? 0, 12)
    // Better than the best constant, whose score is the variance of the labels.
    expect(small?.brier).toBeLessThan((100 / 120) * (20 / 120))
    expect(small?.ece).toBeGreaterThan(0)
  })

  it('summarises prices from the cheapest model to the most that can be had', () => {
    const { prices } = artefact
    expect(prices[0]).toEqual({ priceUsd: 0, satisfaction: 100 / 120, costUsd: expect.closeTo(1e-4, 12) })
    expect(prices.at(-1)?.satisfaction).toBeGreaterThan(0.95)
    for (const [i, point] of prices.entries()) {
      expect(point.priceUsd).toBeGreaterThan(prices[i - 1]?.priceUsd ?? -1)
      expect(point.satisfaction).toBeGreaterThan(prices[i - 1]?.satisfaction ?? 0)
    }
  })

  it('has no calibration where the policy predicts nothing', () => {
    const plain = trainArtefact({ ...spec, policy: 'static-mixture' })
    expect(plain.learned.map(({ brier, ece }) => [brier, ece])).toEqual([
      [null, null],
      [null, null],
    ])
    expect(plain.prices).toEqual([])
  })

  it('refuses unknown policies, unknown parameters and too few rows', () => {
    expect(() => trainArtefact({ ...spec, policy: 'nope' })).toThrow('unknown policy "nope"')
    expect(() => trainArtefact({ ...spec, parameters: { nope: 1 } })).toThrow('no parameter nope')
    const few = prepareTrace({ ...trace, rows: trace.rows.slice(0, 12) }, featurizer)
    expect(() => trainArtefact({ ...spec, prepared: few })).toThrow('12 training rows')
  })

  it.each(policyDefinitions.map(({ name }) => (name === 'fixed' ? 'fixed:m1' : name)))(
    '%s decides from the artefact as after the training itself',
    policy => {
      const parameters = shortened[policy] ?? {}
      const trained = trainArtefact({ ...spec, policy, parameters })
      const online: RunSpec = {
        prepared: prepareTrace({ ...trace, rows: trace.rows.slice(0, 60) }, featurizer, true),
        policy,
        parameters,
        floors: { kind: 'constant', floor: 0.9 },
        seed: 5,
        channel: { kind: 'chosen' },
        audits: { budget: 0, judge: null, humanShare: 0 },
        delay: 3,
        warmStart: { kind: 'trace', prepared },
        proven: null,
        drifts: [],
        limit: null,
        delta: 0.05,
      }
      const fromRows = [...startReplay(online).steps]
      const fromArtefact = [...startReplay({ ...online, warmStart: { kind: 'trained', trained } }).steps]
      expect(fromArtefact).toEqual(fromRows)
    },
  )
})

describe('traceFingerprint', () => {
  const base = traceFingerprint(trace)
  const changed = (change: (rows: Trace['rows']) => Trace['rows']): string =>
    traceFingerprint({ ...trace, rows: change(trace.rows) })

  it('does not depend on the order of the models or on what is hidden', () => {
    const swapped: Trace = {
      ...trace,
      name: 'other',
      models: [...trace.models].reverse(),
      rows: trace.rows.map(row => ({
        ...row,
        task: 'sums',
        scores: row.scores.toReversed(),
        costsUsd: row.costsUsd.toReversed(),
      })),
    }
    expect(traceFingerprint(swapped)).toBe(base)
    expect(base).toMatch(/^[0-9a-f]{64}$/)
  })

  it('depends on every row, prompt, label and cost', () => {
    expect(changed(rows => rows.slice(1))).not.toBe(base)
    expect(changed(rows => rows.toReversed())).not.toBe(base)
    for (const change of [
      { prompt: 'x' },
      { scores: Float64Array.of(0.5, 1) },
      { costsUsd: Float64Array.of(1, 2) },
    ]) {
      expect(
        changed(([first, ...rest]) => (first === undefined ? [] : [{ ...first, ...change }, ...rest])),
      ).not.toBe(base)
    }
  })
})
