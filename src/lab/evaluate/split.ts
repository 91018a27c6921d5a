import { createRandom } from '../../routing/numeric/random.ts'
import { groupPrompts, rowsWithoutPrompts, splitByPrompt } from '../metrics/prompt-groups.ts'
import { SpecificationError } from '../specification-error.ts'
import type { Trace } from '../trace.ts'

/** Which rows a policy trains on and which it is tested on; no prompt stands on both sides. */
export interface EvaluationSplit {
  readonly seed: number
  /** Rows of the training trace. */
  readonly training: Int32Array
  /** Rows of the test trace. */
  readonly test: Int32Array
}

/** One random split per seed, de-duplicated by normalised prompt. Throws `SpecificationError` where a side stays empty. */
export function randomSplits(
  trace: Trace,
  trainingShare: number,
  seeds: readonly number[],
): readonly EvaluationSplit[] {
  const groups = groupPrompts(trace.rows.map(row => row.prompt))
  return seeds.map(seed =>
    filled({ seed, ...splitByPrompt(groups, trainingShare, createRandom(`split/${seed}`)) }, trace.name),
  )
}

/** Training on one trace and testing on all of another; training rows whose prompt is tested are left out. */
export function traceSplit(training: Trace, test: Trace): EvaluationSplit {
  const rows = rowsWithoutPrompts(
    training.rows.map(row => row.prompt),
    test.rows.map(row => row.prompt),
  )
  return filled({ seed: 1, training: rows, test: Int32Array.from(test.rows.keys()) }, training.name)
}

function filled(split: EvaluationSplit, name: string): EvaluationSplit {
  if (split.training.length > 0 && split.test.length > 0) return split
  const empty = split.training.length === 0 ? 'training' : 'test'
  throw new SpecificationError(
    `trace '${name}': no ${empty} row is left by this split; give another share or more rows with prompts of their own`,
  )
}
