import type { Features } from '../features/features.ts'
import type { SatisfactionPredictor } from './satisfaction-predictor.ts'

/** Settings of the online logistic regression. */
export interface LogisticOptions {
  /** Step of a weight before its first gradient, > 0. */
  readonly learningRate: number
  /** Pull of the active weights towards zero per step, >= 0. */
  readonly weightDecay: number
}

/** Serialisable state; arrays belong to the models in order, weights then sums of squared gradients. */
export interface LogisticState {
  readonly encoder: string | null
  readonly models: readonly string[]
  /** Moments of the prompt statistics: count, then mean and sum of squared deviations per statistic. */
  readonly moments: readonly number[]
  readonly floats: readonly Float32Array[]
}

/** Logistic regression per model over shared features, learned one label at a time. */
export interface LogisticPredictor extends SatisfactionPredictor {
  state(): LogisticState
}

// Buckets of the featurizer are folded into these: collisions cost little while labels are few, and a snapshot stays small.
const tokenSlots = 4096
// Standardised statistics beyond this are outliers of a short history.
const statisticBound = 3

interface ModelWeights {
  readonly weights: Float32Array
  readonly squares: Float32Array
}

/** A prompt as sparse coordinates: slots and values, the constant last. */
interface Coordinates {
  readonly slots: Uint16Array
  readonly values: Float64Array
}

/**
 * Online logistic regression: s_m(x) = sigmoid(w_m . x), one weight vector per model, where x joins
 * the log-counts of the hashed tokens (unit length), the standardised statistics (length about one) and a constant.
 * A label takes one step of AdaGrad, w -= rate * g / sqrt(1 + sum g^2), g = weight * (s - target) * x
 * (Duchi, Hazan & Singer 2011; the 1 makes it plain SGD at first, so that one label cannot swing a weight).
 * Weights start at zero, s at 1/2. Labels of another encoder than the learned one start the regression anew;
 * prompts of another encoder are predicted from the constant alone.
 */
export function createLogisticPredictor(
  options: LogisticOptions,
  from: LogisticState | null = null,
): LogisticPredictor {
  let encoder = from?.encoder ?? null
  let moments = Float64Array.from(from?.moments ?? [0])
  const models = new Map<string, ModelWeights>()
  for (const [m, id] of (from?.models ?? []).entries()) {
    const [weights, squares] = [from?.floats[2 * m], from?.floats[2 * m + 1]]
    if (weights === undefined || squares === undefined)
      throw new RangeError(`the state has no weights for ${id}`)
    models.set(id, { weights: weights.slice(), squares: squares.slice() })
  }
  const coordinatesOf = (features: Features): Coordinates =>
    features.encoder === encoder ? sparseCoordinates(features, moments) : constantOnly
  return {
    predict(features, ids, out) {
      const coordinates = coordinatesOf(features)
      for (const [m, id] of ids.entries()) out[m] = sigmoid(dot(models.get(id)?.weights, coordinates))
    },
    learn(features, id, target, weight) {
      if (features.encoder !== encoder) {
        encoder = features.encoder
        moments = new Float64Array(1 + 2 * features.statistics.length)
        models.clear()
      }
      addMoments(moments, features.statistics)
      const known = models.get(id) ?? emptyWeights(1 + tokenSlots + features.statistics.length)
      models.set(id, known)
      step(known, sparseCoordinates(features, moments), { target, weight, ...options })
    },
    state() {
      const sorted = [...models].sort((a, b) => (a[0] < b[0] ? -1 : 1))
      return {
        encoder,
        models: sorted.map(([id]) => id),
        moments: [...moments],
        floats: sorted.flatMap(([, { weights, squares }]) => [weights, squares]),
      }
    },
  }
}

const constantSlot = 0
const constantOnly: Coordinates = { slots: Uint16Array.of(constantSlot), values: Float64Array.of(1) }

function emptyWeights(length: number): ModelWeights {
  return { weights: new Float32Array(length), squares: new Float32Array(length) }
}

function sparseCoordinates(features: Features, moments: Float64Array): Coordinates {
  const { buckets, counts, statistics } = features
  const length = buckets.length + statistics.length + 1
  const slots = new Uint16Array(length)
  const values = new Float64Array(length)
  values[0] = 1
  let squared = 0
  for (let i = 0; i < buckets.length; i++) {
    const value = 1 + Math.log(counts[i] ?? 1)
    slots[i + 1] = 1 + ((buckets[i] ?? 0) % tokenSlots)
    values[i + 1] = value
    squared += value * value
  }
  const norm = Math.sqrt(squared)
  for (let i = 1; i <= buckets.length; i++) values[i] = (values[i] ?? 0) / norm
  const scale = 1 / Math.sqrt(Math.max(1, statistics.length))
  for (let j = 0; j < statistics.length; j++) {
    slots[buckets.length + 1 + j] = 1 + tokenSlots + j
    values[buckets.length + 1 + j] = scale * standardised(statistics[j] ?? 0, moments, j)
  }
  return { slots, values }
}

function standardised(value: number, moments: Float64Array, statistic: number): number {
  const count = moments[0] ?? 0
  const deviation = Math.sqrt((moments[2 + 2 * statistic] ?? 0) / Math.max(1, count - 1))
  if (!(deviation > 0)) return 0
  const distance = (value - (moments[1 + 2 * statistic] ?? 0)) / deviation
  return Math.max(-statisticBound, Math.min(statisticBound, distance))
}

/** Welford's update of the running moments. */
function addMoments(moments: Float64Array, statistics: Float32Array): void {
  const count = (moments[0] ?? 0) + 1
  moments[0] = count
  for (let j = 0; j < statistics.length; j++) {
    const value = statistics[j] ?? 0
    const before = value - (moments[1 + 2 * j] ?? 0)
    moments[1 + 2 * j] = (moments[1 + 2 * j] ?? 0) + before / count
    moments[2 + 2 * j] = (moments[2 + 2 * j] ?? 0) + before * (value - (moments[1 + 2 * j] ?? 0))
  }
}

function dot(weights: Float32Array | undefined, { slots, values }: Coordinates): number {
  if (weights === undefined) return 0
  let sum = 0
  for (let i = 0; i < slots.length; i++) sum += (weights[slots[i] ?? 0] ?? 0) * (values[i] ?? 0)
  return sum
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

interface Step extends LogisticOptions {
  readonly target: number
  readonly weight: number
}

function step({ weights, squares }: ModelWeights, coordinates: Coordinates, options: Step): void {
  const residual = options.weight * (sigmoid(dot(weights, coordinates)) - options.target)
  const { slots, values } = coordinates
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] ?? 0
    const weight = weights[slot] ?? 0
    // The constant is the model's mean: decay would pull every prediction towards 1/2.
    const gradient = residual * (values[i] ?? 0) + (slot === constantSlot ? 0 : options.weightDecay * weight)
    const square = (squares[slot] ?? 0) + gradient * gradient
    squares[slot] = square
    weights[slot] = weight - (options.learningRate * gradient) / Math.sqrt(1 + square)
  }
}
