import { createRandom } from '../../routing/numeric/random.ts'
import { differenceOverSeeds } from '../metrics/paired-bootstrap.ts'
import type { PromptGroups } from '../metrics/prompt-groups.ts'
import type { PolicyResult } from './evaluate-policy.ts'
import { promptsOfRows, resampledWeights } from './prompt-weights.ts'
import type { SplitData } from './split-data.ts'
import {
  type ComparedFigures,
  type ComparedMetric,
  comparedMetrics,
  createWeightedFigures,
} from './weighted-figures.ts'

/** One figure of a policy minus that of another, on the same prompts. */
export interface Comparison {
  readonly policy: string
  /** The policy that is subtracted. */
  readonly against: string
  readonly metric: ComparedMetric
  /** Mean over the splits. */
  readonly difference: number
  /** 95% interval by resampling prompts, each with all its rows in all splits. */
  readonly lower: number
  readonly upper: number
  /** Standard error of the mean difference over the splits; `null` for a single one. */
  readonly errorOverSeeds: number | null
}

/** What comparing needs of one split. */
export interface ComparedSplit {
  readonly data: SplitData
  /** In the order of the policies. */
  readonly results: readonly PolicyResult[]
}

/** [split][policy] */
type Figures = readonly (readonly ComparedFigures[])[]

const resamples = 500
const confidence = 0.95

/** Compares every policy with the first one. `prompts` are those of the whole test trace. */
export function comparePolicies(
  splits: readonly ComparedSplit[],
  prompts: PromptGroups,
): readonly Comparison[] {
  const [first, ...others] = splits[0]?.results ?? []
  if (first === undefined || others.length === 0) return []
  const figuresOf = splits.map(createWeightedFigures)
  const asTheyAre = splits.map(
    ({ data }, s) => figuresOf[s]?.(new Float64Array(data.test.rows).fill(1)) ?? [],
  )
  const drawn = drawnWeights(splits, prompts).map(weights =>
    weights.map((own, s) => figuresOf[s]?.(own) ?? []),
  )
  return others.flatMap(({ policy }, i) =>
    comparedMetrics.flatMap((metric): readonly Comparison[] => {
      const own = differences(asTheyAre, i + 1, metric)
      if (own === null) return []
      const { mean, standardError } = differenceOverSeeds(own, new Array<number>(own.length).fill(0))
      const resampled = drawn.map(figures => average(differences(figures, i + 1, metric) ?? []))
      return [
        {
          policy,
          against: first.policy,
          metric,
          difference: mean,
          ...percentiles(resampled),
          errorOverSeeds: standardError,
        },
      ]
    }),
  )
}

/** Resamples of the prompts of all splits together, as weights of the test rows of each split. */
function drawnWeights(
  splits: readonly ComparedSplit[],
  prompts: PromptGroups,
): readonly (readonly Float64Array[])[] {
  const random = createRandom('comparisons')
  const groups = promptsOfRows(prompts, Int32Array.from(splits.flatMap(({ data }) => [...data.testRows])))
  return Array.from({ length: resamples }, () => {
    const weights = resampledWeights(groups, random)
    let from = 0
    return splits.map(({ data }) => {
      const to = from + data.testRows.length
      const own = weights.subarray(from, to)
      from = to
      return own
    })
  })
}

/** Per split, a policy's figure minus the first policy's; `null` where one of the two has none. */
function differences(figures: Figures, policy: number, metric: ComparedMetric): readonly number[] | null {
  const values = figures.map(policies => {
    const own = policies[policy]?.[metric] ?? null
    const other = policies[0]?.[metric] ?? null
    return own === null || other === null ? null : own - other
  })
  const present = values.filter(value => value !== null)
  return present.length === values.length ? present : null
}

function percentiles(values: readonly number[]): Pick<Comparison, 'lower' | 'upper'> {
  const sorted = values.filter(value => !Number.isNaN(value)).sort((a, b) => a - b)
  const at = (share: number): number => {
    const position = share * (sorted.length - 1)
    const low = sorted[Math.floor(position)] ?? Number.NaN
    const high = sorted[Math.ceil(position)] ?? Number.NaN
    return low + (high - low) * (position - Math.floor(position))
  }
  const tail = (1 - confidence) / 2
  return { lower: at(tail), upper: at(1 - tail) }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
