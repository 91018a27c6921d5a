import { contextOf } from '../../src/lab/evaluate/decide-rows.ts'
import type { EvaluationPlan } from '../../src/lab/evaluate/evaluation-plan.ts'
import { type FloorSchedule, floorAt } from '../../src/lab/floor-schedule.ts'
import { targetResponse } from '../../src/lab/metrics/target-response.ts'
import { shuffledOrder } from '../../src/lab/row-order.ts'
import { createRandom } from '../../src/routing/numeric/random.ts'
import { proteusCostScaleUsd } from '../../src/routing/policies/proteus.ts'
import {
  cell,
  comparisonCells,
  comparisonHeadings,
  printTable,
  type TrainedRun,
  trainedRun,
} from './trained-run.ts'

const streamLength = 1000
const windowLength = 100

/** Compliance, response, oracle gap, tiers and moving floors of the default network. */
export function printMain(plan: EvaluationPlan): void {
  const runs = plan.splits.map(split => trainedRun(plan, split, {}))
  printTable(comparisonHeadings, [comparisonCells(runs.map(run => run.metrics))])
  const responses = runs.map(run => preferenceResponse(plan, run))
  printTable(
    [
      'Pearson (τ, μ)',
      'μ at the lowest floor',
      'μ at the highest',
      'γ',
      'bill at the highest floor / lowest',
      'oracle gap, points',
      'training, s',
    ],
    [
      [
        cell(
          responses.map(({ pearson }) => pearson),
          2,
        ),
        cell(
          responses.map(({ first }) => first),
          2,
        ),
        cell(
          responses.map(({ last }) => last),
          2,
        ),
        cell(
          runs.map(run => run.network.gamma),
          2,
        ),
        cell(
          runs.map(run => (run.runs.at(-1)?.costUsd ?? 0) / (run.runs[0]?.costUsd ?? 1)),
          1,
        ),
        cell(
          runs.map(run => run.oracle - (run.runs.at(-1)?.satisfaction ?? 0)),
          1,
          100,
        ),
        cell(
          runs.map(run => run.seconds),
          0,
        ),
      ],
    ],
  )
  printTiers(runs)
  printMoving(plan, runs)
}

/** Mean mu over the test prompts at every floor: price = scale (1 - mu)^(-gamma). */
function preferenceResponse(plan: EvaluationPlan, run: TrainedRun) {
  const { data, policy, network } = run
  const { models } = data.training
  const { satisfaction, costUsd } = data.trainingMeans
  const scale = proteusCostScaleUsd(satisfaction, costUsd, false)
  const preferences = data.floors.map(floor => {
    let sum = 0
    for (const row of data.testRows) {
      const context = contextOf({ prepared: plan.test, models }, { row, floor, name: 'mu', feedback: 'none' })
      const price = policy.decide(context, createRandom('mu')).prices[0]?.priceUsd ?? 0
      sum += 1 - (scale / price) ** (1 / network.gamma)
    }
    return sum / data.testRows.length
  })
  const { pearson } = targetResponse(data.floors, preferences)
  return { pearson, first: preferences[0] ?? null, last: preferences.at(-1) ?? null }
}

/** The floors in three equal tiers, as the paper reports them. */
function printTiers(runs: readonly TrainedRun[]): void {
  const rows = ['Economy', 'Standard', 'Premium'].map((name, t) => {
    const tiers = runs.map(run => {
      const own = run.runs.filter((_, f) => Math.min(2, Math.floor((3 * f) / (run.runs.length - 1))) === t)
      const meanOf = (of: (each: (typeof own)[number]) => number): number =>
        own.reduce((sum, each) => sum + of(each), 0) / own.length
      return {
        asked: meanOf(each => each.floor),
        achieved: meanOf(each => each.satisfaction),
        costUsd: meanOf(each => each.costUsd),
      }
    })
    return [
      name,
      cell(
        tiers.map(({ asked }) => asked),
        1,
        100,
      ),
      cell(
        tiers.map(({ achieved }) => achieved),
        1,
        100,
      ),
      cell(
        tiers.map(({ asked, achieved }) => achieved - asked),
        1,
        100,
      ),
      cell(
        tiers.map(({ costUsd }) => costUsd),
        3,
        1000,
      ),
    ]
  })
  printTable(['tier', 'mean floor, %', 'achieved, %', 'margin, points', 'USD/1000'], rows)
}

/** Floors that move along a stream of test prompts: share of windows of 100 requests at or above their mean floor. */
function printMoving(plan: EvaluationPlan, runs: readonly TrainedRun[]): void {
  const kinds = ['step', 'drift', 'cycle'] as const
  const rows = kinds.map(kind => {
    const figures = runs.map(run => {
      const [low = 0, high = 1] = [run.data.floors[2], run.data.floors.at(-2)]
      const schedules: Readonly<Record<(typeof kinds)[number], FloorSchedule>> = {
        step: { kind, from: low, to: high, at: 0.5 } as FloorSchedule,
        drift: { kind, from: low, to: high } as FloorSchedule,
        cycle: { kind, from: low, to: high, cycles: 3 } as FloorSchedule,
      }
      return movingFigures(plan, run, schedules[kind])
    })
    return [
      kind,
      cell(
        figures.map(({ met }) => met),
        0,
        100,
      ),
      cell(
        figures.map(({ overshoot }) => overshoot),
        1,
        100,
      ),
      cell(
        figures.map(({ shortfall }) => shortfall),
        1,
        100,
      ),
      cell(
        figures.map(({ mean }) => mean),
        1,
        100,
      ),
    ]
  })
  printTable(
    ['floors', 'windows at or above, %', 'overshoot, points', 'shortfall, points', 'mean margin, points'],
    rows,
  )
}

function movingFigures(plan: EvaluationPlan, { data, policy }: TrainedRun, schedule: FloorSchedule) {
  const { models } = data.training
  const order = shuffledOrder(data.testRows.length, data.seed).slice(0, streamLength)
  const margins = order.map((i, position) => {
    const floor = floorAt(schedule, position, order.length, data.seed).requestFloor
    const row = data.testRows[i] ?? 0
    const context = contextOf(
      { prepared: plan.test, models },
      { row, floor, name: 'moving', feedback: 'none' },
    )
    const { chosen } = policy.decide(context, createRandom(`moving/${position}`))
    return (
      (data.test.satisfaction[i * models.length + models.findIndex(({ id }) => id === chosen)] ?? 0) - floor
    )
  })
  const windows = margins.slice(windowLength - 1).map((_, start) => {
    const window = margins.slice(start, start + windowLength)
    return window.reduce((sum, margin) => sum + margin, 0) / windowLength
  })
  const meanOf = (of: (margin: number) => number): number =>
    windows.reduce((sum, margin) => sum + of(margin), 0) / windows.length
  return {
    met: meanOf(margin => (margin >= 0 ? 1 : 0)),
    overshoot: meanOf(margin => Math.max(0, margin)),
    shortfall: meanOf(margin => Math.max(0, -margin)),
    mean: margins.reduce((sum, margin) => sum + margin, 0) / margins.length,
  }
}
