import { evaluatePolicy } from '../../src/lab/evaluate/evaluate-policy.ts'
import type { EvaluationPlan } from '../../src/lab/evaluate/evaluation-plan.ts'
import { comparisonCells, comparisonHeadings, printTable } from './trained-run.ts'

const policies = [
  'plimsoll',
  'lr',
  'knn',
  'ens',
  'carrot',
  'omnirouter',
  'mean-cost',
  'static-mixture',
  'cheapest-feasible',
]

/** The other policies on the same splits. */
export function printBaselines(plan: EvaluationPlan): void {
  const rows = policies.map(policy => {
    const results = plan.splits.map((_, split) => evaluatePolicy(plan, { policy, split }, () => {}))
    process.stderr.write(`${policy}\n`)
    return [policy, ...comparisonCells(results.map(({ metrics }) => metrics))]
  })
  printTable(['policy', ...comparisonHeadings], rows)
}
