import type { RoutingContext } from '../decision.ts'
import type { Features } from '../features/features.ts'
import type { ModelSpec } from '../model.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import type { Policy, TrainingRows } from '../policy.ts'
import { syntheticFeatures } from '../synthetic-stream.fixture.ts'
import { spec } from './small-zoo.fixture.ts'

/** A cheap model that satisfies 95% of the easy prompts and 35% of the hard ones, and one sixteen times dearer: 95%, 90%. */
export const pair: readonly ModelSpec[] = [spec('small', null), spec('large', null)]
/** Mean costs of the pair; hard prompts cost 1.4 times as much, easy ones .6 times. */
export const pairCostsUsd = [0.001, 0.016] as const

const chances = [
  [0.95, 0.95],
  [0.35, 0.9],
] as const

/** Half of all prompts are easy; the two kinds share no words. */
function prompt(random: Random): { readonly features: Features; readonly kind: 0 | 1 } {
  const easy = random.next() < 0.5
  return { features: syntheticFeatures(random, easy), kind: easy ? 0 : 1 }
}

/** Chance that a model satisfies: all that a label is drawn from. */
function chance(kind: 0 | 1, m: number): number {
  return chances[kind][m] ?? 0
}

/** Mean cost of one kind. */
function kindCostUsd(kind: 0 | 1, m: number): number {
  return (pairCostsUsd[m] ?? 0) * (kind === 1 ? 1.4 : 0.6)
}

/** Fully labelled rows over the pair. */
export function pairRows(rows = 300): TrainingRows {
  const random = createRandom('pair-training')
  const prompts = Array.from({ length: rows }, () => prompt(random))
  const each = <Value>(make: (kind: 0 | 1, m: number) => Value): Value[] =>
    prompts.flatMap(({ kind }) => [make(kind, 0), make(kind, 1)])
  return {
    models: pair,
    features: prompts.map(({ features }) => features),
    promptTokens: prompts.map(() => 100),
    satisfaction: Float64Array.from(each((kind, m) => (random.next() < chance(kind, m) ? 1 : 0))),
    costUsd: Float64Array.from(each((kind, m) => kindCostUsd(kind, m) * (0.5 + random.next()))),
  }
}

/** A request of class `gold`. */
export function pairContext(
  features: Features,
  floor: number,
  models: readonly ModelSpec[] = pair,
): RoutingContext {
  const sla = { name: 'gold', floor, feedback: 'chosen', promise: 'on-average', delta: 0.05 } as const
  return { sla, floor, atMs: 0, models, features, promptTokens: 100, load: [] }
}

/** Prompts of one kind, or of both. */
export function pairPrompts(count: number, kind: 'easy' | 'hard' | 'both' = 'both'): readonly Features[] {
  const random = createRandom(`pair-${kind}`)
  if (kind === 'both') return Array.from({ length: count }, () => prompt(random).features)
  return Array.from({ length: count }, () => syntheticFeatures(random, kind === 'easy'))
}

/** Expected satisfaction and cost of fresh prompts at a floor, nothing learned in between. */
export function decidePair(
  policy: Policy,
  floor: number,
  count = 600,
): { readonly satisfaction: number; readonly costUsd: number } {
  const random = createRandom('pair-test')
  let [satisfaction, costUsd] = [0, 0]
  for (let i = 0; i < count; i++) {
    const { features, kind } = prompt(random)
    const { probabilities } = policy.decide(pairContext(features, floor), createRandom(`decide-${i}`))
    probabilities.forEach((probability, m) => {
      satisfaction += (probability * chance(kind, m)) / count
      costUsd += (probability * kindCostUsd(kind, m)) / count
    })
  }
  return { satisfaction, costUsd }
}
