import type { EvaluationPlan } from '../../src/lab/evaluate/evaluation-plan.ts'
import { type SplitData, splitData } from '../../src/lab/evaluate/split-data.ts'
import { trainingRows } from '../../src/lab/training-rows.ts'
import { resolveParameters } from '../../src/routing/policies/parameters.ts'
import { chancesOf, highest } from '../../src/routing/policies/proteus-loss.ts'
import { createPass, shapesOf } from '../../src/routing/policies/proteus-network.ts'
import { proteusParameters } from '../../src/routing/policies/proteus-parameters.ts'
import { proteusScores } from '../../src/routing/policies/proteus-score.ts'
import { type FloorRange, ProteusTraining, scaledFloor } from '../../src/routing/policies/proteus-training.ts'
import { literal } from './ablations.ts'
import { cell, outcomeOf, printTable, type TrainedRun, trainedRun } from './trained-run.ts'

/** Heads that may learn their rows by heart; costs and steps of lambda as by default. */
const unguarded = { ...literal, relativeStep: 1, dearestScale: 0 }

/** What leaked labels do to the numbers. Nothing of this can be reached through the product. */
export function printLeaks(plan: EvaluationPlan): void {
  const letter = plan.splits.map(split => trainedRun(plan, split, unguarded))
  const prompts = plan.splits.map(split => {
    const everyRow = [...plan.training.trace.rows.keys()]
    return trainedRun(
      plan,
      split,
      unguarded,
      trainingRows(plan.training, everyRow, plan.training.trace.models),
    )
  })
  const truth = plan.splits.map(split => seeingLabels(splitData(plan, split)))
  const best = letter.map(({ data }) => Math.max(...data.testMeans.satisfaction))
  printTable(
    [
      'trained without guards',
      'best accuracy, %',
      'above the best model, points',
      'below the oracle, points',
      'mean cost, USD/1000',
    ],
    [
      ['without a leak', ...accuracyCells(letter, best)],
      ['test prompts among the training rows', ...accuracyCells(prompts, best)],
      ['the labels in the place of p_i(x)', ...accuracyCells(truth, best)],
    ],
  )
}

type Outcome = Pick<TrainedRun, 'runs' | 'oracle'>

/** Of the floor where accuracy was highest. */
function accuracyCells(outcomes: readonly Outcome[], best: readonly number[]): readonly string[] {
  const tops = outcomes.map(({ runs }) => Math.max(...runs.map(run => run.satisfaction)))
  return [
    cell(tops, 1, 100),
    cell(
      tops.map((top, s) => top - (best[s] ?? 0)),
      1,
      100,
    ),
    cell(
      tops.map((top, s) => (outcomes[s]?.oracle ?? 0) - top),
      1,
      100,
    ),
    cell(
      outcomes.map(({ runs }) => runs.reduce((sum, run) => sum + run.costUsd / runs.length, 0)),
      3,
      1000,
    ),
  ]
}

/** A network whose input is the row's own labels, in training and in test. */
function seeingLabels(data: SplitData): Outcome {
  const { training, test, floors } = data
  const models = training.models.length
  const meanCosts = training.models.map(spec => spec.typicalCostUsd ?? 0)
  const costs = Float64Array.from(meanCosts, cost => cost / Math.max(...meanCosts))
  const range: FloorRange = { low: floors[0] ?? 0, high: floors.at(-1) ?? 1 }
  const rows = {
    x: Float32Array.from(training.satisfaction),
    inputs: models,
    satisfaction: training.satisfaction,
    costs,
  }
  const settings = resolveParameters('proteus', proteusParameters, { ...unguarded, steps: 3000 })
  const learner = new ProteusTraining(rows, range, settings)
  learner.advance(learner.steps)
  const { network } = learner
  const pass = createPass(network.shape, 1)
  const choices = floors.map(floor =>
    Int32Array.from({ length: test.rows }, (_, i) => {
      pass.x.set(test.satisfaction.subarray(i * models, (i + 1) * models))
      network.encode(pass, 1)
      network.act(pass, 1, { floor: scaledFloor(floor, range), logLambda: Math.log1p(1) })
      const { a, b } = shapesOf(pass.actions, 0)
      const scoring = { boosts: network.boosts, gamma: network.gamma, costs }
      return highest(
        proteusScores(chancesOf(pass, 0, models), a / (a + b), scoring, new Float64Array(models)),
      )
    }),
  )
  return outcomeOf(data, choices, null)
}
