import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { type LabelSource, runOneSidedWorld, type WorldFigures } from './one-sided-world.fixture.ts'

const seeds = proofSize(3, 20)

/** Mean over seeds of 20,000 requests at a floor of .8. */
function meanOf(source: LabelSource, shift: number): WorldFigures {
  let [satisfaction, costUsd] = [0, 0]
  for (let seed = 0; seed < seeds; seed++) {
    const figures = runOneSidedWorld(source, { seed: `known-${seed}`, requests: 20_000, shift })
    satisfaction += figures.satisfaction / seeds
    costUsd += figures.costUsd / seeds
  }
  return { satisfaction, costUsd }
}

function expectNear(value: number, expected: number, tolerance: number): void {
  expect(Math.abs(value - expected)).toBeLessThan(tolerance)
}

/** A world whose answers are known: complaint rates of .5, .3, .15 and .05 by model, prompts as at fitting and harder. */
describe.each([
  { shift: 0, content: 0.573, oneRate: 0.737, mixtureUsd: 0.979 },
  { shift: 0.5, content: 0.523, oneRate: 0.691, mixtureUsd: 2.283 },
])('the adaptive dual where users only complain, prompts shifted by $shift', world => {
  const { shift, content, oneRate, mixtureUsd } = world

  it('holds the floor of .8 with true labels, below the cost of the best static mixture', () => {
    const { satisfaction, costUsd } = meanOf({ kind: 'true' }, shift)
    expectNear(satisfaction, 0.8, 0.005)
    expect(costUsd).toBeLessThan(0.85 * mixtureUsd)
  })

  it('slides by more than twenty points when silence is read as satisfaction', () => {
    expectNear(meanOf({ kind: 'silence-is-content' }, shift).satisfaction, content, 0.012)
  })

  it('slides when one complaint rate is assumed for all models', () => {
    expectNear(meanOf({ kind: 'one-rate', rate: 0.3 }, shift).satisfaction, oneRate, 0.012)
  })

  it('holds the floor with 5% of audits read doubly robustly', () => {
    const { satisfaction, costUsd } = meanOf({ kind: 'audits', least: 0.05, scale: 0 }, shift)
    expectNear(satisfaction, 0.8, 0.025)
    expect(costUsd).toBeLessThan(mixtureUsd)
  })

  it('holds it more steadily where audits go to uncertain predictions', () => {
    expectNear(meanOf({ kind: 'audits', least: 0.05, scale: 0.25 }, shift).satisfaction, 0.8, 0.015)
  })
})
