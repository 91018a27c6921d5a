import { describe, expect, it } from 'vitest'
import { modelId } from '../../routing/model.ts'
import { createTraceWorld } from '../../simulation/trace-world.ts'
import { createTally, type Tally } from './tally.ts'

const world = createTraceWorld({
  name: 'tiny',
  models: ['small', 'p/large'],
  rows: Array.from({ length: 400 }, (_, row) => ({
    prompt: `prompt ${row}`,
    scores: [row % 2, 1],
    costsUsd: [0.001, 0.004],
    promptTokens: null,
    completionTokens: null,
    answers: null,
  })),
  latency: { medianMs: 0, spread: 0 },
})
const small = modelId('trace/small')
const large = modelId('p/large')

function serve(tally: Tally, row: number, model: typeof small, floor = 0.75): void {
  const { satisfaction, costUsd } = world.answer(row, model)
  tally.bill(row, costUsd)
  tally.serve({
    floor,
    served: {
      row,
      model,
      satisfaction,
      costUsd,
      decisionId: '',
      streamed: false,
      latencyMs: 1,
      explored: false,
      overheadMs: 1,
    },
  })
}

describe('tally', () => {
  it('averages satisfaction, cost and shares, and solves the references on the answered rows', () => {
    const tally = createTally(world, 4)
    serve(tally, 0, small)
    serve(tally, 1, small)
    serve(tally, 2, large)
    serve(tally, 3, large)
    expect(tally.standing()).toMatchObject({
      answered: 4,
      satisfaction: 0.75,
      satisfactionRecent: 0.75,
      meanFloor: 0.75,
      costUsd: 0.0025,
      shadowCostUsd: 0,
      models: [
        { model: 'small', share: 0.5, satisfaction: 0.5, costUsd: 0.001 },
        { model: 'p/large', share: 0.5, satisfaction: 1, costUsd: 0.004 },
      ],
      references: {
        bestFixed: { model: 'p/large', satisfaction: 1, costUsd: 0.004 },
        cheapestFeasible: { model: 'p/large' },
        // Half of each: satisfaction .75 at the mean of both costs.
        mixtureAtFloorUsd: expect.closeTo(0.0025, 12),
        mixtureAtAchievedUsd: expect.closeTo(0.0025, 12),
      },
    })
  })

  it('counts what providers charged for ended requests: shadows and failures too, whenever the bill comes', () => {
    const tally = createTally(world, 10)
    tally.bill(0, 0.004)
    serve(tally, 0, small)
    tally.bill(0, 0.002)
    tally.bill(5, 0.5)
    expect(tally.standing()).toMatchObject({
      costUsd: expect.closeTo(0.007, 12),
      shadowCostUsd: expect.closeTo(0.006, 12),
    })
    tally.fail(5)
    expect(tally.standing()).toMatchObject({ failed: 1, answered: 1, costUsd: expect.closeTo(0.507, 12) })
  })

  it('follows the last 200 answers and keeps the floor that held for each', () => {
    const tally = createTally(world, 400)
    for (let row = 0; row < 200; row++) serve(tally, row, large, 0.7)
    for (let row = 200; row < 400; row++) serve(tally, row, small, 0.8)
    const { satisfaction, satisfactionRecent, meanFloor, history } = tally.standing()
    expect(satisfaction).toBe(0.75)
    expect(satisfactionRecent).toBe(0.5)
    expect(meanFloor).toBeCloseTo(0.75, 12)
    expect(history.at(-1)).toEqual({ answered: 400, satisfaction: 0.5, floor: 0.8 })
    expect(history.find(point => point.answered === 200)).toEqual({
      answered: 200,
      satisfaction: 1,
      floor: 0.7,
    })
  })

  it('is exact about a floor that never moved', () => {
    const tally = createTally(world, 400)
    for (let row = 0; row < 400; row++) serve(tally, row, small, 0.85)
    expect(tally.standing().meanFloor).toBe(0.85)
  })

  it('knows nothing before the first answer', () => {
    expect(createTally(world, 4).standing()).toMatchObject({
      satisfaction: null,
      costUsd: null,
      references: null,
    })
  })
})
