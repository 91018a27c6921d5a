import { type Decision, type DecisionRecord, decisionId, type UpstreamLoad } from '../routing/decision.ts'
import type { Features } from '../routing/features/features.ts'
import { type ModelId, type ModelSpec, modelId } from '../routing/model.ts'
import type { Random } from '../routing/numeric/random.ts'
import type { SlaClass } from '../routing/sla.ts'

/** Options of a random record; what is left out is random. */
export interface RandomRecordOptions {
  readonly id: string
  readonly className?: string
  readonly atMs?: number
  readonly learnedUpTo?: number
}

const awkwardNumbers = [0, -0, 1, 252, 253, 0.1, 0.5, -1, 1e300, 5e-324, Number.POSITIVE_INFINITY, Number.NaN]

/** A record of valid shape with every kind of value that its types allow: for property tests of what stores records. */
export function randomRecord(random: Random, options: RandomRecordOptions): DecisionRecord {
  const models = Array.from({ length: 1 + random.integer(11) }, (_, i) => randomModel(random, i))
  const atMs = options.atMs ?? 1_700_000_000_000 + random.next() * 1e9
  return {
    id: decisionId(options.id),
    context: {
      sla: randomClass(random, options.className ?? `class ${random.integer(3)}`, models),
      floor: random.next(),
      atMs,
      models,
      features: randomFeatures(random),
      promptTokens: random.integer(200_000),
      load: random.next() < 0.5 ? [] : models.map(() => randomLoad(random)),
    },
    decision: randomDecision(
      random,
      models.map(({ id }) => id),
    ),
    learnedUpTo: options.learnedUpTo ?? random.integer(2 ** 31) * 2 ** random.integer(20),
    ...(random.next() < 0.5 ? { audit: { probability: random.next(), humanShare: random.next() } } : {}),
  }
}

function anyNumber(random: Random): number {
  return random.next() < 0.3 ? pick(random, awkwardNumbers) : random.normal() * 10 ** (random.integer(12) - 6)
}

function maybe<T>(random: Random, value: T): T | null {
  return random.next() < 0.3 ? null : value
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[random.integer(choices.length)]
  if (choice === undefined) throw new RangeError('there is nothing to choose from')
  return choice
}

function randomModel(random: Random, position: number): ModelSpec {
  const prices = { input: anyNumber(random), output: anyNumber(random) }
  return {
    id: modelId(`provider ${random.integer(3)}/modèle \u{1F600} \ud800 ${position}`),
    priceUsdPerMillion: maybe(
      random,
      random.next() < 0.5 ? prices : { ...prices, cachedInput: anyNumber(random) },
    ),
    typicalCostUsd: maybe(random, anyNumber(random)),
  }
}

function randomClass(random: Random, name: string, models: readonly ModelSpec[]): SlaClass {
  return {
    name,
    floor: random.next(),
    ...(random.next() < 0.5 ? { floors: { min: random.next(), max: random.next() } } : {}),
    feedback: pick(random, ['full', 'chosen', 'sparse', 'one-sided', 'none'] as const),
    promise: pick(random, ['on-average', 'certified'] as const),
    delta: random.next(),
    ...(random.next() < 0.5 ? { proven: pick(random, models).id } : {}),
  }
}

function randomFeatures(random: Random): Features {
  const length = random.integer(400)
  const ascending = random.next() < 0.9
  const buckets = Uint16Array.from({ length }, () => random.integer(65_536))
  return {
    encoder: `hashed-ngrams@${random.integer(2)}`,
    buckets: ascending ? buckets.sort() : buckets,
    counts: Uint16Array.from({ length }, () => (random.next() < 0.8 ? 1 : random.integer(65_536))),
    statistics: Float32Array.from({ length: random.integer(20) }, () => anyNumber(random)),
    ...(random.next() < 0.3
      ? {
          embedding: {
            encoder: `embeddings:m${random.integer(2)}@400`,
            values: Float32Array.from({ length: random.integer(400) }, () => random.normal()),
          },
        }
      : {}),
    ...(random.next() < 0.3 ? { ngrams: randomNgrams(random) } : {}),
  }
}

function randomNgrams(random: Random): NonNullable<Features['ngrams']> {
  const buckets = Uint16Array.from({ length: random.integer(400) }, () => random.integer(65_536)).sort()
  return {
    counter: `word-character-ngrams@${random.integer(2)}`,
    buckets,
    counts: Uint16Array.from(buckets, () => 1 + random.integer(9)),
  }
}

function randomLoad(random: Random): UpstreamLoad {
  return {
    inFlight: random.integer(1000),
    recentLatencyMs: maybe(random, anyNumber(random)),
    availability: random.next(),
  }
}

function randomDecision(random: Random, models: readonly ModelId[]): Decision {
  const estimated = [...models, modelId('a model of another configuration')]
  return {
    chosen: pick(random, models),
    mode: pick(random, ['exploit', 'explore'] as const),
    shadows: models.filter(() => random.next() < 0.2),
    prices: Array.from({ length: random.integer(3) }, () => ({
      constraint: pick(random, ['satisfaction', 'latency', 'λ \ud800']),
      priceUsd: anyNumber(random),
    })),
    probabilities: Float64Array.from(models, () => (random.next() < 0.5 ? random.integer(2) : random.next())),
    estimates: estimated
      .filter(() => random.next() < 0.9)
      .map(model => ({
        model,
        satisfaction: maybe(random, random.next()),
        costUsd: maybe(random, anyNumber(random)),
        score: anyNumber(random),
      })),
  }
}
