import { type EvaluatedSplit, type Evaluation, evaluationEvidence } from '../evaluate.ts'
import type { FloorRun } from '../metrics/floor-figures.ts'
import { meanCurves, meanOver, pooledCalibration } from './over-splits.ts'

/** The evaluation as the JSON object of `plimsoll evaluate --json`. */
export function evaluationJson(evaluation: Evaluation): Readonly<Record<string, unknown>> {
  const { plan, splits, policies, references, models, comparisons } = evaluation
  return {
    trace: plan.training.trace.name,
    testTrace: plan.bootstrap ? plan.test.trace.name : null,
    seeds: splits.length,
    evidence: evaluationEvidence(evaluation),
    errors: plan.bootstrap ? 'bootstrap by prompt' : 'splits',
    runs: runsOf(splits, split => split.results.map(({ policy, runs }) => ({ name: policy, runs }))),
    policies,
    models,
    references,
    referenceRuns: runsOf(splits, split => split.references),
    comparisons,
    splits: splits.map(({ data }) => ({
      seed: data.seed,
      trainingRows: data.training.features.length,
      testRows: data.test.rows,
      floors: data.floors,
      summarisedFrom: data.summarisedFrom,
    })),
    curves: meanCurves(splits),
    calibration: pooledCalibration(splits),
    rehearsed: plan.policies.filter((_, p) => splits.some(split => split.results[p]?.rehearsed)),
    seconds: Object.fromEntries(
      plan.policies.map((policy, p) => [
        policy,
        {
          training: meanOver(splits, split => split.results[p]?.trainingSeconds ?? 0),
          deciding: meanOver(splits, split => split.results[p]?.decidingSeconds ?? 0),
        },
      ]),
    ),
  }
}

interface NamedRuns {
  readonly name: string
  readonly runs: readonly FloorRun[]
}

function runsOf(splits: readonly EvaluatedSplit[], of: (split: EvaluatedSplit) => readonly NamedRuns[]) {
  return splits.flatMap(split =>
    of(split).flatMap(({ name, runs }) =>
      runs.map(({ floor, satisfaction, costUsd, certifiedLower }) => ({
        policy: name,
        floor,
        seed: split.data.seed,
        satisfaction,
        costUsd,
        certifiedLower,
      })),
    ),
  )
}
