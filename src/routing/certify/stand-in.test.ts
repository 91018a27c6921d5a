import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { auditValueRange, standIn, standInRange, usablePrediction } from './stand-in.ts'

/** One answer: the truth, whether its user complained, and what a judge would say of it. */
interface Answer {
  readonly satisfied: number
  readonly complained: boolean
  readonly judged: number
}

const kinds: readonly { readonly share: number; readonly answer: Answer }[] = [
  { share: 0.7, answer: { satisfied: 1, complained: false, judged: 1 } },
  { share: 0.08, answer: { satisfied: 1, complained: false, judged: 0 } },
  { share: 0.04, answer: { satisfied: 0, complained: false, judged: 1 } },
  { share: 0.12, answer: { satisfied: 0, complained: false, judged: 0 } },
  { share: 0.06, answer: { satisfied: 0, complained: true, judged: 0 } },
]
const truth = 0.78

/** Exact mean of something over the answers and over a coin of probability q. */
function meanOf(
  probability: (answer: Answer) => number,
  value: (answer: Answer, drawn: boolean, q: number) => number,
): number {
  return kinds.reduce((total, { share, answer }) => {
    const q = probability(answer)
    return total + share * (q * value(answer, true, q) + (1 - q) * value(answer, false, q))
  }, 0)
}

describe('the stand-in of a label', () => {
  it.each([0.5, 0.8, 1])(
    'has the mean of the labels with the prediction %f, whatever the audits depend on',
    f => {
      for (const q of [() => 0.05, () => 0.3, ({ complained }: Answer) => (complained ? 1 : 0.05)]) {
        const mean = meanOf(q, ({ satisfied }, drawn, probability) =>
          standIn(f, { probability, drawn, value: drawn ? satisfied : null }, 0),
        )
        expect(mean).toBeCloseTo(truth, 12)
      }
    },
  )

  it('has the mean of the truth where humans correct a judge that errs, and that of the judge where none does', () => {
    const q = (): number => 0.1
    const humanShare = 0.25
    const withHumans = meanOf(q, ({ satisfied, judged }, drawn, probability) => {
      const corrected = humanShare * (judged + (satisfied - judged) / humanShare) + (1 - humanShare) * judged
      return standIn(0.9, { probability, drawn, value: drawn ? corrected : null }, 0)
    })
    expect(withHumans).toBeCloseTo(truth, 12)
    const judgeAlone = meanOf(q, ({ judged }, drawn, probability) =>
      standIn(0.9, { probability, drawn, value: drawn ? judged : null }, 0),
    )
    expect(judgeAlone).toBeCloseTo(0.74, 12)
  })

  it('and the check rejects silence read as content, complaints divided by a wrong rate, and unweighted audits', () => {
    const silence = kinds.reduce((sum, { share, answer }) => sum + (answer.complained ? 0 : share), 0)
    expect(silence - truth).toBeGreaterThan(0.1)
    // 27% of the unsatisfied complain; whoever believes in 50% sees 12% unsatisfied.
    expect(1 - 0.06 / 0.5 - truth).toBeGreaterThan(0.05)
    const picked = ({ complained }: Answer): number => (complained ? 1 : 0.05)
    const audits = meanOf(picked, (_, drawn) => (drawn ? 1 : 0))
    const labels = meanOf(picked, ({ satisfied }, drawn) => (drawn ? satisfied : 0))
    expect(labels / audits).toBeLessThan(truth - 0.2)
  })

  it('varies by (1 - q)/q (S - f)^2 around its label', () => {
    const [q, f] = [0.2, 0.9]
    for (const label of [0, 1]) {
      const drawn = standIn(f, { probability: q, drawn: true, value: label }, 0)
      const variance = q * (drawn - label) ** 2 + (1 - q) * (f - label) ** 2
      expect(variance).toBeCloseTo(((1 - q) / q) * (label - f) ** 2, 12)
    }
  })

  it('never leaves the range that its scales are fixed by', () => {
    const random = createRandom('range')
    for (let i = 0; i < 5000; i++) {
      const design = { leastProbability: 0.02 + 0.5 * random.next(), humanShare: 0.05 + 0.95 * random.next() }
      const { lowerScale, upperScale, largestValue } = standInRange(design)
      const { least, largest } = auditValueRange(design)
      const probability = design.leastProbability + (1 - design.leastProbability) * random.next()
      const f = usablePrediction(2 * random.next() - 0.5)
      for (const value of [null, 0, 1, least, largest]) {
        for (const missing of [least, largest]) {
          const z = standIn(f, { probability, drawn: random.next() < 0.8, value }, missing)
          expect(f - z).toBeLessThanOrEqual(lowerScale + 1e-9)
          expect(z - f).toBeLessThanOrEqual(upperScale + 1e-9)
          expect(z).toBeLessThanOrEqual(largestValue + 1e-9)
        }
      }
    }
  })
})
