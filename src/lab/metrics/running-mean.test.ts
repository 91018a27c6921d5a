import { describe, expect, it } from 'vitest'
import { certifiedTime, falseCertificateRate, runningMeanViolations } from './running-mean.ts'

describe('runningMeanViolations', () => {
  it('looks at the mean of everything so far after the warm-up, by hand', () => {
    // Running means after two: 2/3, 1/2, 3/5, 2/3.
    const satisfaction = Float64Array.of(1, 1, 0, 0, 1, 1)
    expect(runningMeanViolations(satisfaction, 0.65, 2)).toBe(2 / 4)
    expect(runningMeanViolations(satisfaction, 0.5, 2)).toBe(0)
    expect(runningMeanViolations(satisfaction, 0.5)).toBeNull()
  })
})

describe('certificates', () => {
  const step = (lower: number, trueMean: number) => ({ lower, trueMean, floor: 0.8 })

  it('certified time counts the requests until the bound meets the floor', () => {
    expect(certifiedTime([step(0.5, 1), step(0.8, 1), step(0.7, 1)])).toBe(2)
    expect(certifiedTime([step(0.5, 1)])).toBeNull()
  })

  it('a run is false when it was ever certified below the floor', () => {
    const right = [step(0.7, 0.75), step(0.81, 0.9)]
    const wrong = [step(0.81, 0.79), step(0.5, 0.9)]
    expect(falseCertificateRate([right, wrong, right, right])).toBe(0.25)
  })
})
