import { describe, expect, it } from 'vitest'
import { createHashedFeaturizer } from '../../routing/features/hashed-ngrams.ts'
import { createRandom } from '../../routing/numeric/random.ts'
import { decodeArtefact, encodeArtefact } from '../../store/artefact.ts'
import { normalisedPrompt } from '../metrics/prompt-groups.ts'
import { prepareTrace } from '../prepare-trace.ts'
import { tinyTrace } from '../tiny-trace.fixture.ts'
import { calibrationSplit } from './calibration-split.ts'
import { type CertificationSpec, certificationPath, certifyFloors } from './certify-floors.ts'
import { traceFingerprint } from './trace-fingerprint.ts'
import { trainArtefact } from './train-artefact.ts'

/** Sums are easy for both models; of proofs the small one gets a third right, the large one all but one in thirty. */
function traceOf(count: number, seed: string) {
  const random = createRandom(seed)
  return tinyTrace(
    Array.from({ length: count }, (_, i) => {
      const hard = random.next() < 0.4
      const number = Math.floor(i / 2)
      return {
        // Every prompt comes twice, written differently.
        prompt: `${hard ? 'Prove lemma' : 'Add one to'} number ${number}${i % 2 === 0 ? '' : ' !'}`,
        scores: [hard && random.next() < 0.67 ? 0 : 1, random.next() < 0.03 ? 0 : 1],
        costsUsd: [1e-4, 2e-3],
      }
    }),
  )
}

const trace = traceOf(1600, 'certify')
const prepared = prepareTrace(trace, createHashedFeaturizer(), true)
const split = calibrationSplit(trace, 0.4, 0)
const specFor = (policy: string): Omit<CertificationSpec, 'floors'> => ({
  trained: trainArtefact({
    prepared,
    policy,
    parameters: {},
    satisfiedAt: null,
    seed: null,
    codeVersion: '1.0.0',
    fingerprint: traceFingerprint(trace),
    rows: split.training,
  }),
  prepared,
  split,
  delta: 0.05,
})
const plimsoll = specFor('plimsoll')

describe('the calibration split', () => {
  it('shares no prompt with the training, however it is written, and holds each prompt once', () => {
    const prompt = (row: number): string => normalisedPrompt(trace.rows[row]?.prompt ?? '')
    const trained = new Set([...split.training].map(prompt))
    const calibrated = split.calibration.map(prompt)
    expect(calibrated.filter(text => trained.has(text))).toEqual([])
    expect(new Set(calibrated).size).toBe(calibrated.length)
    expect(split.calibration.length).toBeGreaterThan(280)
    expect(split.training.size).toBeGreaterThan(900)
  })

  it('depends on the seed and on nothing of the labels', () => {
    const relabelled = { ...trace, rows: trace.rows.map(row => ({ ...row, scores: Float64Array.of(0, 0) })) }
    expect(calibrationSplit(relabelled, 0.4, 0).calibration).toEqual(split.calibration)
    expect(calibrationSplit(trace, 0.4, 1).calibration).not.toEqual(split.calibration)
  })
})

describe('certifyFloors', () => {
  it.each(['plimsoll', 'lr', 'static-mixture'])('certifies a floor of %s below the dearest price', policy => {
    const spec = policy === 'plimsoll' ? plimsoll : specFor(policy)
    const [statement] = certifyFloors({ ...spec, floors: [0.85] })
    expect(statement).toMatchObject({ floor: 0.85, delta: 0.05, wish: null, split: split.fingerprint })
    expect(statement?.labels).toBe(split.calibration.length)
    expect(statement?.pValue).toBeLessThanOrEqual(0.05)
    // Binomial: at most 14.9% less 1.64 standard errors may have failed.
    expect(statement?.failures).toBeLessThan(0.15 * split.calibration.length)
    expect(statement?.askFor).toBeGreaterThan(0.6)
    expect(statement?.askFor).toBeLessThan(0.96)
    // The large model alone costs 2 in 1,000.
    expect(statement?.costUsd).toBeLessThan(0.0018)
  })

  it('gives an unreachable wish the largest floor that the rows certify, and how many labels it would need', () => {
    const [near, never] = certifyFloors({ ...plimsoll, floors: [0.985, 0.999] })
    expect(near?.delta).toBe(0.025)
    expect(near?.wish?.floor).toBe(0.985)
    expect(near?.wish?.labelsNeeded).toBeGreaterThan(split.calibration.length)
    expect(near?.floor).toBeLessThan(0.985)
    expect(near?.floor).toBeGreaterThan(0.9)
    expect(near?.askFor).toBe(certificationPath[0])
    expect(never?.wish).toEqual({ floor: 0.999, labelsNeeded: null })
  })

  it('changes nothing that the policy has learned, and is kept in the artefact', () => {
    const artefact = {
      ...trainArtefact({
        prepared,
        policy: 'static-mixture',
        parameters: {},
        satisfiedAt: null,
        seed: null,
        codeVersion: '1.0.0',
        fingerprint: traceFingerprint(trace),
      }),
    }
    const before = encodeArtefact(artefact)
    const certified = certifyFloors({ ...plimsoll, trained: artefact, floors: [0.7, 0.8] })
    expect(encodeArtefact(artefact)).toEqual(before)
    expect(decodeArtefact(before, 'f').certified).toBeUndefined()
    expect(decodeArtefact(encodeArtefact({ ...artefact, certified }), 'f').certified).toEqual(certified)
  })
})
