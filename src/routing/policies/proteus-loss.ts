import { betaEntropy, betaLogDensity } from '../numeric/beta-distribution.ts'
import { sigmoid, softplus } from '../numeric/dense-layer.ts'
import {
  ACTION_OUTPUTS,
  LARGEST_BOOST,
  type ProteusParts,
  type ProteusPass,
  shapesOf,
} from './proteus-network.ts'
import type { ProteusSettings } from './proteus-parameters.ts'
import { costWeight, type ProteusScoring, proteusScores } from './proteus-score.ts'

const CLIP = 0.2
const CRITIC_WEIGHT = 0.5
/** Temperature of the softmax that stands for the argmax where boosts and gamma are learned. */
const TEMPERATURE = 0.05

/** Rows as the network reads them. */
export interface ProteusRows {
  /** Coordinates, row-major [rows x inputs]. */
  readonly x: Float32Array
  readonly inputs: number
  /** Row-major [rows x models]. */
  readonly satisfaction: Float64Array
  /** [models], mean costs over the dearest one's. */
  readonly costs: Float64Array
}

/** One batch: what was drawn, what was done, what came of it. Arrays by acting row. */
export interface ProteusBatch {
  /** Rows of the sample; the first `acting` ones act, those from `labelled` on teach the performance head. */
  readonly rows: Int32Array
  readonly acting: number
  readonly labelled: number
  readonly floor: number
  readonly lambda: number
  readonly mu: Float64Array
  readonly chosen: Int32Array
  readonly achieved: number
  readonly rewards: Float64Array
  /** Reward over the baseline, over its standard deviation. */
  readonly advantages: Float64Array
  readonly deviation: number
  /** Log density of mu when it was drawn. */
  readonly logDensity: Float64Array
}

/**
 * Reward of a model on a row, (S - alpha c + lambda (S - tau)) / (1 + lambda): the paper's, in units in which a satisfied request is
 * worth one whatever lambda is, so that the critic's scale stays.
 */
export function proteusReward(
  { satisfaction, costs }: ProteusRows,
  { row, model }: { readonly row: number; readonly model: number },
  { lambda, floor }: Pick<ProteusBatch, 'lambda' | 'floor'>,
  alpha: number,
): number {
  const label = satisfaction[row * costs.length + model] ?? 0
  return (label - alpha * (costs[model] ?? 0) + lambda * (label - floor)) / (1 + lambda)
}

/** Chance of every model to satisfy, of one row of a pass. */
export function chancesOf({ logits }: ProteusPass, row: number, models: number): Float64Array {
  return Float64Array.from(logits.subarray(row * models, (row + 1) * models), sigmoid)
}

/**
 * Derivatives of the loss of a batch by the policy head's outputs, row-major [acting x 3]: clipped PPO (Schulman et al. 2017)
 * or REINFORCE, entropy, and the squared error of the critic.
 */
export function policyLoss(
  { mu, logDensity, advantages, rewards, acting }: ProteusBatch,
  { actions }: ProteusPass,
  { reinforce, entropy, critic }: ProteusSettings,
): Float32Array {
  const byActions = new Float32Array(acting * ACTION_OUTPUTS)
  for (let i = 0; i < acting; i++) {
    const at = i * ACTION_OUTPUTS
    const { a, b } = shapesOf(actions, i)
    const density = betaLogDensity(mu[i] ?? 0.5, a, b)
    const advantage = advantages[i] ?? 0
    const ratio = reinforce >= 0.5 ? 1 : Math.exp(density.value - (logDensity[i] ?? 0))
    const clipped = advantage > 0 ? ratio > 1 + CLIP : ratio < 1 - CLIP
    const weight = clipped ? 0 : ratio * advantage
    const spread = betaEntropy(a, b)
    const slopeA = sigmoid(actions[at] ?? 0)
    const slopeB = sigmoid(actions[at + 1] ?? 0)
    byActions[at] = (-slopeA * (weight * density.byA + entropy * spread.byA)) / acting
    byActions[at + 1] = (-slopeB * (weight * density.byB + entropy * spread.byB)) / acting
    if (critic < 0.5) continue
    byActions[at + 2] = (2 * CRITIC_WEIGHT * ((actions[at + 2] ?? 0) - (rewards[i] ?? 0))) / acting
  }
  return byActions
}

/**
 * Adds the derivatives by boosts and gamma. They have none through an argmax, so they follow those of the mean reward under
 * softmax(score / T), over all models: every label is known.
 */
export function addSurrogateLoss(
  parts: ProteusParts,
  gradient: ProteusParts,
  played: { readonly batch: ProteusBatch; readonly pass: ProteusPass; readonly rows: ProteusRows },
  scored: { readonly scoring: ProteusScoring; readonly settings: ProteusSettings },
): void {
  const { batch, pass, rows } = played
  const { scoring, settings } = scored
  const { mu, acting, deviation } = batch
  const models = rows.costs.length
  const scores = new Float64Array(models)
  // gamma = 2 + 6 sigmoid(g), b = .05 tanh(raw).
  const gate = sigmoid(parts.gamma[0] ?? 0)
  const slopes = parts.boosts.map(raw => LARGEST_BOOST * (1 - Math.tanh(raw) ** 2))
  for (let i = 0; i < acting; i++) {
    const preference = mu[i] ?? 0.5
    const row = batch.rows[i] ?? 0
    const shares = softmax(proteusScores(chancesOf(pass, i, models), preference, scoring, scores))
    const rewards = shares.map((_, model) => proteusReward(rows, { row, model }, batch, settings.costWeight))
    const mean = shares.reduce((sum, share, m) => sum + share * (rewards[m] ?? 0), 0)
    // d(1 - mu)^gamma / d gamma = (1 - mu)^gamma ln(1 - mu).
    const byGamma = -costWeight(preference, scoring.gamma) * Math.log1p(-preference) * 6 * gate * (1 - gate)
    for (let m = 0; m < models; m++) {
      const above = ((rewards[m] ?? 0) - mean) / deviation
      const byScore = -((shares[m] ?? 0) * above) / (TEMPERATURE * acting)
      gradient.boosts[m] = (gradient.boosts[m] ?? 0) + byScore * preference * (slopes[m] ?? 0)
      if (settings.gamma > 0) continue
      gradient.gamma[0] = (gradient.gamma[0] ?? 0) + byScore * byGamma * (rows.costs[m] ?? 0)
    }
  }
}

/** Mean binary cross-entropy over the models of the rows that teach, with its derivatives by their logits. */
export function labelLoss(
  { rows, labelled }: ProteusBatch,
  { logits }: ProteusPass,
  { satisfaction, costs }: ProteusRows,
): { readonly byLogits: Float32Array; readonly crossEntropy: number } {
  const models = costs.length
  const count = (rows.length - labelled) * models
  const byLogits = new Float32Array(count)
  let crossEntropy = 0
  for (let k = 0; k < count; k++) {
    const row = rows[labelled + Math.floor(k / models)] ?? 0
    const label = satisfaction[row * models + (k % models)] ?? 0
    const logit = logits[labelled * models + k] ?? 0
    byLogits[k] = (sigmoid(logit) - label) / count
    crossEntropy += (softplus(logit) - label * logit) / count
  }
  return { byLogits, crossEntropy }
}

/** Position of the largest score, the first of equal ones. */
export function highest(scores: Float64Array): number {
  let best = 0
  for (let m = 1; m < scores.length; m++) if ((scores[m] ?? 0) > (scores[best] ?? 0)) best = m
  return best
}

function softmax(scores: Float64Array): Float64Array {
  const top = scores[highest(scores)] ?? 0
  const powers = scores.map(score => Math.exp((score - top) / TEMPERATURE))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map(power => power / sum)
}
