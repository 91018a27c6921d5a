import { describe, expect, it } from 'vitest'
import {
  bestGain,
  largestSaving,
  oracleGap,
  relativeGain,
  routingEfficiency,
  routingPerformanceIndex,
} from './single-model-gains.ts'

const best = { satisfaction: 0.5, costUsd: 10 }
const points = [
  { satisfaction: 0.4, costUsd: 1 },
  { satisfaction: 0.5, costUsd: 7 },
  { satisfaction: 0.55, costUsd: 12 },
]

describe('LLMRouterBench metrics', () => {
  it('Gain@R, Gain@B and Gap@O are relative, by hand', () => {
    expect(relativeGain(0.55, 0.44)).toBeCloseTo(0.25, 12)
    expect(oracleGap(0.6, 0.8)).toBeCloseTo(0.25, 12)
  })

  it('PerfGain takes the best setting, CostSave the cheapest that keeps up', () => {
    expect(bestGain(points, best)).toBeCloseTo(0.1, 12)
    expect(largestSaving(points, best)).toBeCloseTo(0.3, 12)
    expect(largestSaving(points.slice(0, 1), best)).toBeNull()
    expect(largestSaving(points.slice(2), best)).toBeCloseTo(-0.2, 12)
  })
})

describe('PROTEUS metrics', () => {
  it('RE and RPI by hand', () => {
    expect(routingEfficiency(0.9, 0.5, 8)).toBeCloseTo(0.05, 12)
    const given = {
      satisfaction: 0.9,
      oracleSatisfaction: 1,
      costUsd: 1,
      largestCostUsd: 4,
      routingMs: 10,
      answerMs: 100,
    }
    expect(routingPerformanceIndex(given)).toBeCloseTo(100 * 0.9 * 0.75 * 0.9, 9)
  })
})
