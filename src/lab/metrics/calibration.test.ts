import { describe, expect, it } from 'vitest'
import { brierScore, calibrationBins, calibrationError, predictionFigures, rocArea } from './calibration.ts'

const f = (...values: number[]): Float64Array => Float64Array.from(values)

describe('calibration figures', () => {
  it('Brier is the mean squared error', () => {
    expect(brierScore(f(0.8, 0.3), f(1, 0))).toBeCloseTo((0.04 + 0.09) / 2, 12)
  })

  it('AUC counts pairs in order, ties half', () => {
    // Pairs (satisfied, unsatisfied): .8>.3, .8=.8, .5>.3, .5<.8: 2.5 of 4.
    expect(rocArea(f(0.8, 0.3, 0.5, 0.8), f(1, 0, 1, 0))).toBeCloseTo(2.5 / 4, 12)
    expect(rocArea(f(0.1, 0.9), f(0, 1))).toBe(1)
    expect(rocArea(f(0.1, 0.9), f(1, 1))).toBeNull()
  })

  it('AUC splits a fractional label in two and is no rival of itself', () => {
    // Row 0 is half satisfied. Pairs: its satisfied half loses to row 2 and beats nothing; rows 1 (1) and 2 (0).
    // (0, 2): .5 * 1 lost; (1, 0): 1 * .5 won; (1, 2): 1 won. 1.5 of 2.
    expect(rocArea(f(0.2, 0.9, 0.4), f(0.5, 1, 0))).toBeCloseTo(1.5 / 2, 12)
    expect(rocArea(f(0.5), f(0.5))).toBeNull()
  })

  it('ECE weighs the bins by their rows, by hand', () => {
    // Bin [.2, .3): predicted .25, observed .5; bin [.9, 1]: predicted .95, observed 1.
    const predicted = f(0.25, 0.25, 0.9, 1)
    const labels = f(0, 1, 1, 1)
    expect(calibrationBins(predicted, labels)).toEqual([
      { rows: 2, predicted: 0.25, observed: 0.5 },
      { rows: 2, predicted: 0.95, observed: 1 },
    ])
    expect(calibrationError(predicted, labels)).toBeCloseTo(0.5 * 0.25 + 0.5 * 0.05, 12)
    expect(() => calibrationBins(f(-0.1), f(0))).toThrow('prediction 0 is -0.1')
  })

  it('are means over the models; a model without both kinds has no AUC', () => {
    const figures = predictionFigures(f(0.8, 0.5, 0.3, 0.5), f(1, 1, 0, 1), 2)
    expect(figures.brier).toBeCloseTo((0.065 + 0.25) / 2, 12)
    expect(figures.auc).toBe(1)
    expect(figures.ece).toBeCloseTo((0.25 + 0.5) / 2, 12)
    expect(() => predictionFigures(f(0.5), f(1, 0), 2)).toThrow('1 predictions for 2 labels')
  })
})
