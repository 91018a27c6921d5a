import type { EvaluationPlan } from '../../src/lab/evaluate/evaluation-plan.ts'
import {
  comparisonCells,
  comparisonHeadings,
  type Parameters,
  printTable,
  trainedRun,
} from './trained-run.ts'

/** The paper as we read it to the letter: one lambda, the same rows for both heads, AdamW's usual decay, everything jointly. */
export const literal: Parameters = {
  lambdaKnots: 1,
  relativeStep: 0,
  dearestScale: 1,
  heldOut: 0,
  decay: 0.01,
  headShare: 1,
  entropy: 0.01,
}

const variants: Readonly<Record<string, Parameters>> = {
  default: {},
  'no lambda': { lambdaStart: 0, lambdaStep: 0 },
  'one lambda for all floors': { lambdaKnots: 1 },
  'costs relative to the dearest model': { dearestScale: 1 },
  'no entropy bonus': { entropy: 0 },
  'gamma fixed at 3': { gamma: 3 },
  'with a critic': { critic: 1 },
  REINFORCE: { reinforce: 1 },
  'the same rows for both heads': { heldOut: 0 },
  'lambda served as trained': { servedLambda: -1 },
  'to the letter': literal,
}

/** What each part is worth. */
export function printAblations(plan: EvaluationPlan): void {
  const rows = Object.entries(variants).map(([name, parameters]) => {
    const runs = plan.splits.map(split => trainedRun(plan, split, parameters))
    return [name, ...comparisonCells(runs.map(run => run.metrics))]
  })
  printTable(['variant', ...comparisonHeadings], rows)
}
