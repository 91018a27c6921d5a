import { type Decision, decisionId, type RoutingContext } from '../../routing/decision.ts'
import type { ModelSpec } from '../../routing/model.ts'
import { createRandom } from '../../routing/numeric/random.ts'
import type { Policy } from '../../routing/policy.ts'
import type { FeedbackKind } from '../../routing/sla.ts'
import type { OutcomeMatrix } from '../metrics/outcome-matrix.ts'
import type { PreparedTrace } from '../prepare-trace.ts'

/** What a trained policy is asked to decide. */
export interface DecideSetup {
  readonly prepared: PreparedTrace
  /** Rows of the trace to decide. */
  readonly rows: Int32Array
  /** The models with what training showed of them. */
  readonly models: readonly ModelSpec[]
  readonly floors: readonly number[]
  readonly seed: number
  /** Called for every so many decisions, with how many were made since. */
  readonly onDecisions: (count: number) => void
}

/** What a policy chose and believed. */
export interface DecidedRows {
  /** Per floor, the position of the model chosen for each row. */
  readonly choices: readonly Int32Array[]
  /** Predicted satisfaction and cost [rows x models]; `null` from a policy that predicts no satisfaction. */
  readonly predicted: OutcomeMatrix | null
}

const decisionsBetweenNews = 2048
const smallestFloor = 1e-6

/**
 * Decides every row under every floor, one SLA class per floor, with learning off. A decision that explores counts as the
 * one that it departs from. Predictions are those of the first floor.
 */
export function decideRows(policy: Policy, setup: DecideSetup): DecidedRows {
  const { rows, floors, models } = setup
  const choices = floors.map(() => new Int32Array(rows.length))
  const predicted = createPredictions(models, rows.length)
  let unheard = 0
  // Rows outside, floors inside: a policy may keep the predictions of the prompt that it saw last.
  for (const [position, row] of rows.entries()) {
    for (const [f, floor] of floors.entries()) {
      const context = contextOf(setup, { row, floor, name: className(f), feedback: 'none' })
      const id = decisionId(`evaluate-${setup.seed}-${f}-${position}`)
      const decision = policy.decide(context, createRandom(id))
      const chosen = choices[f]
      if (chosen !== undefined) chosen[position] = exploited(decision, models)
      if (f === 0) predicted.take(decision, position)
    }
    unheard += floors.length
    if (unheard < decisionsBetweenNews) continue
    setup.onDecisions(unheard)
    unheard = 0
  }
  setup.onDecisions(unheard)
  return { choices, predicted: predicted.matrix() }
}

/** Name of the SLA class of a floor by its position. */
export function className(floor: number): string {
  return `floor-${floor}`
}

/** The request of one row under one class. */
export interface RowRequest {
  readonly row: number
  readonly floor: number
  readonly name: string
  readonly feedback: FeedbackKind
}

/** What a policy is shown: nothing of the row but its prompt. */
export function contextOf(
  { prepared, models }: Pick<DecideSetup, 'prepared' | 'models'>,
  { row, floor, name, feedback }: RowRequest,
): RoutingContext {
  const features = prepared.features[row]
  if (features === undefined) throw new RangeError(`row ${row} has no features`)
  // A floor is a number inside (0, 1), and the cheapest model of a trace may never satisfy or always.
  const inside = Math.min(1 - smallestFloor, Math.max(smallestFloor, floor))
  return {
    sla: { name, floor: inside, feedback, promise: 'on-average', delta: 0.05 },
    floor: inside,
    atMs: 0,
    models,
    features,
    promptTokens: prepared.promptTokens[row] ?? 0,
    load: [],
  }
}

/** Position of the model that a decision serves, or departs from where it explores. */
export function exploited(decision: Decision, models: readonly ModelSpec[]): number {
  const best = decision.mode === 'explore' ? decision.estimates[0]?.model : undefined
  const chosen = best ?? decision.chosen
  const position = models.findIndex(model => model.id === chosen)
  if (position >= 0) return position
  throw new RangeError(`the policy chose model '${chosen}', which is not among those of the trace`)
}

interface Predictions {
  take(decision: Decision, position: number): void
  matrix(): OutcomeMatrix | null
}

function createPredictions(models: readonly ModelSpec[], rows: number): Predictions {
  const width = models.length
  const satisfaction = new Float64Array(rows * width).fill(Number.NaN)
  const costUsd = new Float64Array(rows * width)
  const positions = new Map(models.map((model, m) => [model.id, m]))
  return {
    take(decision, position) {
      for (const estimate of decision.estimates) {
        const m = positions.get(estimate.model)
        if (m === undefined) continue
        if (estimate.satisfaction !== null) satisfaction[position * width + m] = estimate.satisfaction
        costUsd[position * width + m] = estimate.costUsd ?? models[m]?.typicalCostUsd ?? 0
      }
    },
    matrix: () => (satisfaction.some(Number.isNaN) ? null : { rows, models: width, satisfaction, costUsd }),
  }
}
