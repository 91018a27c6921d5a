import type { Random } from '../../routing/numeric/random.ts'
import { mean } from './outcome-matrix.ts'
import type { PromptGroups } from './prompt-groups.ts'

/** A figure with what resampling the prompts makes of it. */
export interface BootstrapInterval {
  /** The figure over the rows as they are. */
  readonly estimate: number
  /** Percentile interval. */
  readonly lower: number
  readonly upper: number
  /** Standard deviation over the resamples. */
  readonly standardError: number
}

/** How to resample. */
export interface BootstrapOptions {
  readonly random: Random
  /** At least 100; 1000 where nothing is said. */
  readonly resamples?: number
  /** Share of the resamples that the interval holds, in (0, 1); .95 where nothing is said. */
  readonly confidence?: number
}

/**
 * Bootstrap of any figure of a set of rows (Efron 1979): prompts are drawn with replacement, as many as there are, each with
 * all its rows, because rows of one prompt are not independent. Comparing policies inside `statistic` pairs them: both see
 * the same rows. `statistic` gets positions of rows, repeated as drawn; figures that are `NaN` are left out of the interval.
 */
export function bootstrapByPrompt(
  groups: PromptGroups,
  statistic: (rows: Int32Array) => number,
  options: BootstrapOptions,
): BootstrapInterval {
  const rowsOf = Array.from({ length: groups.prompts }, (): number[] => [])
  for (const [row, prompt] of groups.promptOf.entries()) rowsOf[prompt]?.push(row)
  const overDrawn = (drawn: Int32Array): number => {
    const rows: number[] = []
    for (const prompt of drawn) rows.push(...(rowsOf[prompt] ?? []))
    return statistic(Int32Array.from(rows))
  }
  return {
    estimate: statistic(Int32Array.from(groups.promptOf.keys())),
    ...resampled(groups, overDrawn, options),
  }
}

/**
 * Paired bootstrap of the mean difference of two policies, row by row: `a` minus `b`, for example of the costs or the
 * satisfaction of their choices on the same rows.
 */
export function pairedDifference(
  groups: PromptGroups,
  a: Float64Array,
  b: Float64Array,
  options: BootstrapOptions,
): BootstrapInterval {
  if (a.length !== b.length || a.length !== groups.promptOf.length) {
    throw new RangeError(
      `${a.length} and ${b.length} values for ${groups.promptOf.length} rows; expected one per row`,
    )
  }
  const sums = new Float64Array(groups.prompts)
  const rows = new Float64Array(groups.prompts)
  for (const [row, prompt] of groups.promptOf.entries()) {
    sums[prompt] = (sums[prompt] ?? 0) + (a[row] ?? 0) - (b[row] ?? 0)
    rows[prompt] = (rows[prompt] ?? 0) + 1
  }
  const overDrawn = (drawn: Iterable<number>): number => {
    let sum = 0
    let count = 0
    for (const prompt of drawn) {
      sum += sums[prompt] ?? 0
      count += rows[prompt] ?? 0
    }
    return sum / count
  }
  return { estimate: overDrawn(sums.keys()), ...resampled(groups, overDrawn, options) }
}

/** Mean difference of two policies over the same seeds, with its standard error. */
export interface SeedDifference {
  readonly mean: number
  /** `null` for a single seed. */
  readonly standardError: number | null
}

/** Compares one figure of two policies over the same seeds, seed by seed: `a` minus `b`. */
export function differenceOverSeeds(a: readonly number[], b: readonly number[]): SeedDifference {
  if (a.length === 0 || a.length !== b.length) {
    throw new RangeError(`${a.length} and ${b.length} seeds; expected the same, at least one`)
  }
  const { mean, sd } = meanAndSpread(a.map((value, i) => value - (b[i] ?? 0)))
  return { mean, standardError: sd === null ? null : sd / Math.sqrt(a.length) }
}

/** Mean and standard deviation (n - 1) of a figure over seeds; no deviation of a single one. */
export function meanAndSpread(values: readonly number[]): {
  readonly mean: number
  readonly sd: number | null
} {
  const middle = mean(values)
  if (values.length < 2) return { mean: middle, sd: null }
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return { mean: middle, sd: Math.sqrt(squares / (values.length - 1)) }
}

/** Draws prompts with replacement, as many as there are, and sums up what a figure of them makes of it. */
function resampled(
  groups: PromptGroups,
  figureOf: (prompts: Int32Array) => number,
  options: BootstrapOptions,
): Omit<BootstrapInterval, 'estimate'> {
  const { random, resamples = 1000, confidence = 0.95 } = options
  if (!(resamples >= 100) || !(confidence > 0 && confidence < 1)) {
    throw new RangeError(
      `${resamples} resamples at confidence ${confidence}; expected at least 100, in (0, 1)`,
    )
  }
  const drawn = new Int32Array(groups.prompts)
  const figures = new Float64Array(resamples)
  for (let i = 0; i < resamples; i++) {
    for (let k = 0; k < drawn.length; k++) drawn[k] = random.integer(groups.prompts)
    figures[i] = figureOf(drawn)
  }
  const sorted = figures.filter(figure => !Number.isNaN(figure)).sort()
  const tail = (1 - confidence) / 2
  return {
    lower: quantile(sorted, tail),
    upper: quantile(sorted, 1 - tail),
    standardError: meanAndSpread([...sorted]).sd ?? Number.NaN,
  }
}

/** Quantile of sorted values by linear interpolation; `NaN` of nothing. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const low = sorted[Math.floor(position)] ?? Number.NaN
  const high = sorted[Math.ceil(position)] ?? Number.NaN
  return low + (high - low) * (position - Math.floor(position))
}
