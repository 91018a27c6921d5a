import { decideRows } from '../../src/lab/evaluate/decide-rows.ts'
import type { EvaluationPlan } from '../../src/lab/evaluate/evaluation-plan.ts'
import type { EvaluationSplit } from '../../src/lab/evaluate/split.ts'
import { type SplitData, splitData } from '../../src/lab/evaluate/split-data.ts'
import { floorRun } from '../../src/lab/metrics/floor-figures.ts'
import { oracleChoices } from '../../src/lab/metrics/outcome-matrix.ts'
import { type PolicyMetrics, policyMetrics } from '../../src/lab/metrics/policy-metrics.ts'
import { ByteReader } from '../../src/routing/numeric/byte-codec.ts'
import { ProteusNetwork } from '../../src/routing/policies/proteus-network.ts'
import { createTrainer } from '../../src/routing/policies/registry.ts'
import type { Policy, TrainingRows } from '../../src/routing/policy.ts'

export type Parameters = Readonly<Record<string, number>>

/** One trained network with what it did on the test rows. */
export interface TrainedRun {
  readonly data: SplitData
  readonly policy: Policy
  readonly network: ProteusNetwork
  readonly runs: ReturnType<typeof floorRun>[]
  readonly metrics: PolicyMetrics
  /** Satisfaction of the best answer of every row. */
  readonly oracle: number
  readonly seconds: number
}

/** Trains and tests on one split; `rows` replaces the training rows. */
export function trainedRun(
  plan: EvaluationPlan,
  split: EvaluationSplit,
  parameters: Parameters,
  rows?: TrainingRows,
): TrainedRun {
  const data = splitData(plan, split)
  const startedMs = performance.now()
  const setup = { parameters, training: rows ?? data.training, snapshot: null, auditBudget: 0 }
  const trainer = createTrainer('proteus', setup, null)
  if (trainer === null) throw new Error('proteus trains in steps')
  trainer.advance(trainer.steps)
  const seconds = (performance.now() - startedMs) / 1000
  const policy = trainer.finish()
  const { choices, predicted } = decideRows(policy, {
    prepared: plan.test,
    rows: data.testRows,
    models: data.training.models,
    floors: data.floors,
    seed: data.seed,
    onDecisions: () => {},
  })
  process.stderr.write(
    `seed ${split.seed} ${JSON.stringify(parameters)}: ${seconds.toFixed(0)} s of training\n`,
  )
  return {
    data,
    policy,
    network: ProteusNetwork.read(new ByteReader(trainer.checkpoint())),
    ...outcomeOf(data, choices, predicted),
    seconds,
  }
}

/** Figures of choices, one array per floor. */
export function outcomeOf(
  data: SplitData,
  choices: readonly Int32Array[],
  predicted: ReturnType<typeof decideRows>['predicted'],
) {
  const { test, trainingMeans, floors, summarisedFrom } = data
  const runs = floors.map((floor, f) => floorRun(test, choices[f] ?? new Int32Array(), floor))
  const metrics = policyMetrics({
    runs: runs.slice(summarisedFrom),
    training: trainingMeans,
    test,
    predicted,
  })
  return { runs, metrics, oracle: floorRun(test, oracleChoices(test), 0.5).satisfaction }
}

/** Mean and standard deviation over the splits, in a cell of a table. */
export function cell(values: readonly (number | null)[], digits: number, factor = 1): string {
  const known = values.filter(value => value !== null).map(value => value * factor)
  if (known.length === 0) return '–'
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length - 1)
  return `${mean.toFixed(digits)} ±${Math.sqrt(square).toFixed(digits)}`
}

/** Writes a table in Markdown. */
export function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  process.stdout.write(`${line(headings)}${line(headings.map(() => '---'))}${rows.map(line).join('')}\n`)
}

/** Columns of every table that compares routers. */
export const comparisonHeadings = [
  'floors met, %',
  'missed by over a point, %',
  'Pearson (τ, achieved)',
  'slope',
  'RMSE',
  'saved vs best fixed, %',
  'saved vs mixture, %',
  'points over the mixture',
]

/** The cells of these columns. */
export function comparisonCells(metrics: readonly PolicyMetrics[]): readonly string[] {
  const of = (name: keyof PolicyMetrics, digits: number, factor = 1): string =>
    cell(
      metrics.map(each => each[name]),
      digits,
      factor,
    )
  return [
    of('floorCompliance', 0, 100),
    of('missedByOnePoint', 0, 100),
    of('pearson', 2),
    of('slope', 2),
    of('rmse', 3),
    of('billSavedVsBestFixed', 1, 100),
    of('billSavedVsMixture', 1, 100),
    of('pointsOverMixture', 2),
  ]
}
