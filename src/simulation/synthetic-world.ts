import { type ModelId, modelId, type TokenPrices } from '../routing/model.ts'
import { createRandom, hashString } from '../routing/numeric/random.ts'
import { drawPrompt, type SyntheticPrompt, type Topic } from './synthetic-prompts.ts'
import { indexPrompts, type World, type WorldAnswer, type WorldModel } from './world.ts'

/** A synthetic model: what an operator sees, and what makes it good or bad. */
interface SyntheticModel extends WorldModel {
  readonly priceUsdPerMillion: TokenPrices
  /** Difficulty at which half of the prompts of an indifferent topic are satisfied. */
  readonly ability: number
  /** Added to the ability on some topics. */
  readonly talents: Readonly<Partial<Record<Topic, number>>>
  /** Tokens that it writes relative to the others. */
  readonly verbosity: number
}

/** A world with known answers: the chance that a model satisfies is a formula, not a recording. */
export interface SyntheticWorld extends World {
  /** Hidden difficulty of a row in [0, 1]; its wording tells of it, imperfectly. */
  difficulty(row: number): number
  topic(row: number): Topic
  /** Chance in [0, 1] that the model's answer to the row satisfies: `.02 + .96 sigmoid(14 (ability + talent - difficulty))`. */
  probability(row: number, model: ModelId): number
}

/** The templates hold millions of different prompts; a world of this size is drawn in about a second. */
export const MAX_SYNTHETIC_ROWS = 200_000

/** Size and seed of a synthetic world. */
export interface SyntheticWorldOptions {
  readonly seed: string | number
  /** Number of prompts, from 1 to `MAX_SYNTHETIC_ROWS`. */
  readonly rows: number
}

const MODELS: readonly SyntheticModel[] = [
  {
    id: modelId('tidewater/dinghy-3b'),
    name: 'tidewater/dinghy-3b',
    priceUsdPerMillion: { input: 0.05, output: 0.1 },
    latency: { medianMs: 90, spread: 0.35 },
    ability: 0.38,
    talents: { support: 0.1, translation: 0.06, law: -0.1 },
    verbosity: 0.8,
  },
  {
    id: modelId('tidewater/ketch-8b'),
    name: 'tidewater/ketch-8b',
    priceUsdPerMillion: { input: 0.1, output: 0.3 },
    latency: { medianMs: 120, spread: 0.35 },
    ability: 0.54,
    talents: { summary: 0.14, support: 0.1, arithmetic: -0.1, code: -0.06 },
    verbosity: 1,
  },
  {
    id: modelId('harbour/schooner-coder'),
    name: 'harbour/schooner-coder',
    priceUsdPerMillion: { input: 0.2, output: 0.6 },
    latency: { medianMs: 160, spread: 0.4 },
    ability: 0.6,
    talents: { code: 0.32, arithmetic: 0.26, translation: -0.14, law: -0.1 },
    verbosity: 1.1,
  },
  {
    id: modelId('northsea/clipper-mini'),
    name: 'northsea/clipper-mini',
    priceUsdPerMillion: { input: 0.4, output: 1.6 },
    latency: { medianMs: 150, spread: 0.3 },
    ability: 0.78,
    talents: { translation: 0.14, law: 0.06, planning: -0.06 },
    verbosity: 0.9,
  },
  {
    id: modelId('harbour/frigate-large'),
    name: 'harbour/frigate-large',
    priceUsdPerMillion: { input: 1.2, output: 5 },
    latency: { medianMs: 280, spread: 0.4 },
    ability: 0.98,
    talents: { science: 0.06, planning: 0.06, support: -0.04 },
    verbosity: 1,
  },
  {
    id: modelId('northsea/galleon-pro'),
    name: 'northsea/galleon-pro',
    priceUsdPerMillion: { input: 1.5, output: 6.5 },
    latency: { medianMs: 420, spread: 0.45 },
    ability: 1.2,
    talents: {},
    verbosity: 1.2,
  },
]

/** How steeply the chance falls where difficulty passes ability. */
const SHARPNESS = 14

/** Centre of the hidden difficulty of each tier, and how far a prompt strays from it. */
const TIER_DIFFICULTY = [0.15, 0.5, 0.85] as const
const DIFFICULTY_STRAY = 0.12
/** Answers of ordinary length, in tokens, for the easiest prompt and for the hardest. */
const SHORTEST_ANSWER = 60
const LONGEST_ANSWER = 700
/** How wildly the length of an answer varies: standard deviation of its logarithm. */
const LENGTH_SPREAD = 0.35
/** Tokens that a chat template adds to a prompt. */
const TEMPLATE_TOKENS = 12

interface SyntheticRow extends SyntheticPrompt {
  readonly difficulty: number
}

function drawRows({ seed, rows }: SyntheticWorldOptions): readonly SyntheticRow[] {
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_SYNTHETIC_ROWS) {
    throw new RangeError(
      `a synthetic world of ${rows} rows was asked for; expected 1 to ${MAX_SYNTHETIC_ROWS}`,
    )
  }
  const random = createRandom(`world:${seed}`)
  const drawn = new Map<string, SyntheticRow>()
  while (drawn.size < rows) {
    const prompt = drawPrompt(random)
    const stray = DIFFICULTY_STRAY * (2 * random.next() - 1)
    if (!drawn.has(prompt.text)) {
      drawn.set(prompt.text, { ...prompt, difficulty: TIER_DIFFICULTY[prompt.tier] + stray })
    }
  }
  return [...drawn.values()]
}

function probabilityOf(row: SyntheticRow, model: SyntheticModel): number {
  const margin = model.ability + (model.talents[row.topic] ?? 0) - row.difficulty
  return 0.02 + 0.96 / (1 + Math.exp(-SHARPNESS * margin))
}

function answerOf(row: SyntheticRow, model: SyntheticModel, coin: string): WorldAnswer {
  const satisfied = hashString(coin) / 2 ** 32 < probabilityOf(row, model)
  const usual = SHORTEST_ANSWER + (LONGEST_ANSWER - SHORTEST_ANSWER) * row.difficulty
  const length = Math.exp(LENGTH_SPREAD * createRandom(`length:${coin}`).normal())
  const promptTokens = TEMPLATE_TOKENS + Math.ceil(row.text.length / 4)
  const completionTokens = Math.max(1, Math.round(usual * model.verbosity * length))
  const { input, output } = model.priceUsdPerMillion
  return {
    satisfaction: satisfied ? 1 : 0,
    costUsd: (promptTokens * input + completionTokens * output) / 1e6,
    promptTokens,
    completionTokens,
    text: `A ${row.topic} answer of ${completionTokens} tokens by ${model.id}, cut short here.`,
  }
}

/**
 * Builds the world of a seed: prompts over eight topics and three tiers of difficulty for six models.
 * The same seed gives the same prompts, chances, coins and costs on every machine; a larger world begins
 * with the rows of a smaller one.
 *
 * @example
 * const world = createSyntheticWorld({ seed: 1, rows: 100 })
 * world.probability(0, world.models[0].id) // known, and never seen by a policy
 */
export function createSyntheticWorld(options: SyntheticWorldOptions): SyntheticWorld {
  const rows = drawRows(options)
  const prompts = rows.map(row => row.text)
  const rowsByPrompt = indexPrompts(prompts)
  const modelsById = new Map(MODELS.map(model => [model.id, model]))
  const rowAt = (row: number): SyntheticRow => {
    const found = rows[row]
    if (found === undefined) throw new RangeError(`row ${row} is not of this world, which has ${rows.length}`)
    return found
  }
  const modelNamed = (id: ModelId): SyntheticModel => {
    const found = modelsById.get(id)
    if (found === undefined) {
      throw new RangeError(`model ${id} is not of this world, which has ${[...modelsById.keys()].join(', ')}`)
    }
    return found
  }
  return {
    name: 'synthetic',
    models: MODELS,
    prompts,
    rowOf: prompt => rowsByPrompt.get(prompt) ?? null,
    answer: (row, model) => answerOf(rowAt(row), modelNamed(model), `${options.seed}:${row}:${model}`),
    difficulty: row => rowAt(row).difficulty,
    topic: row => rowAt(row).topic,
    probability: (row, model) => probabilityOf(rowAt(row), modelNamed(model)),
  }
}
