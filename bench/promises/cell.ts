/** What one run came to, as far as promises speak of it; `null` where it does not apply. */
export interface Outcome {
  readonly set: string
  readonly scenario: string
  readonly policy: string
  readonly floor: string
  readonly seed: number
  readonly figures: Readonly<Partial<Record<Measure, number | null>>>
  /** Satisfaction minus floor in each bin of floors; empty for one floor. */
  readonly bins: readonly number[]
}

/**
 * Figures of one run.
 * - `d`: satisfaction minus floor
 * - `ratio`: cost relative to the static mixture that is as good with hindsight
 * - `said`: decision at which the floor was called infeasible; `null` if never
 * - `reachableError`: distance of the named best reachable value from the best fixed model's
 * - `width`: floor minus the certificate's lower bound
 * - `falselyCompliant`: 1 where the certificate says compliant and the mean lies below the floor
 * - `compliant`: 1 where the certificate says compliant
 * - `postD`, `postRatio`: `d` and `ratio` after the change
 * - `back`: requests after the change until the last 200 of them are within one standard error of the floor
 * - `alarms`: 1 where an alarm was raised after the change, or at all without one
 * - `audited`: share of decisions audited
 */
export type Measure =
  | 'd'
  | 'ratio'
  | 'said'
  | 'reachableError'
  | 'width'
  | 'falselyCompliant'
  | 'compliant'
  | 'postD'
  | 'postRatio'
  | 'back'
  | 'alarms'
  | 'audited'

/** How the runs of a cell become one figure. */
export type Statistic = 'mean' | 'least' | 'most' | 'sd' | 'count' | 'leastBin' | 'mostBin'

/** What a cell promises of one figure; `null` is reported without a bar. */
export interface Bar {
  readonly measure: Measure
  readonly statistic: Statistic
  readonly side: 'at least' | 'at most'
  readonly must: number | null
  readonly aim: number | null
}

/** One set and floor of a scenario. */
export interface Cell {
  readonly set: string
  /** As `--floor` takes it. */
  readonly floor: string
  readonly bars: readonly Bar[]
}

/** A way to run cells, and the figures that its table shows. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** Share of the rows that is given fully labelled first. */
  readonly warm: number
  /** As `--feedback` takes it; `one-sided-spread:a:b` spaces the models' rates evenly from a to b. */
  readonly feedback: string
  readonly audit: number
  readonly delay: number
  /** As `--drift` takes it, by set; a set without an entry has none. */
  readonly drift?: Readonly<Record<string, string>>
  readonly columns: readonly (readonly [measure: Measure, statistic: Statistic])[]
  readonly cells: readonly Cell[]
}

/** A recorded trace. */
export interface TraceSource {
  readonly name: string
  /** Where it lies; absent: FOLDER/name.jsonl.gz. */
  readonly path?: string
  readonly satisfiedAt: number | null
}

/** Everything that one table of promises asks for. */
export interface PromiseTable {
  readonly sets: readonly TraceSource[]
  readonly scenarios: readonly Scenario[]
}

/** A policy with its parameters, as `name?a=1&b=2`. */
export function parsePolicy(text: string): {
  readonly name: string
  readonly parameters: Record<string, number>
} {
  const [name = '', query = ''] = text.split('?')
  const pairs = query.split('&').filter(Boolean)
  return {
    name,
    parameters: Object.fromEntries(pairs.map(pair => [pair.split('=')[0] ?? '', Number(pair.split('=')[1])])),
  }
}
