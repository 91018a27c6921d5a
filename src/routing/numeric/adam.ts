/** How AdamW steps. */
export interface AdamOptions {
  /** Step size, > 0. */
  readonly rate: number
  /** Decoupled weight decay per unit of rate, >= 0. */
  readonly decay: number
  /** Only the first so many parameters decay: the weights of layers, not their offsets. */
  readonly decayed: number
}

/** What AdamW remembers between steps. */
export interface AdamState {
  steps: number
  /** Running mean of the gradient. */
  readonly first: Float32Array
  /** Running mean of its square. */
  readonly second: Float32Array
}

const FIRST_KEEP = 0.9
const SECOND_KEEP = 0.999
const SMALLEST = 1e-8

/** The state before the first step over `count` parameters. */
export function adamState(count: number): AdamState {
  return { steps: 0, first: new Float32Array(count), second: new Float32Array(count) }
}

/**
 * One step of AdamW (Kingma & Ba 2015; decoupled decay of Loshchilov & Hutter 2019), in place:
 * m = .9 m + .1 g; v = .999 v + .001 g^2; w -= rate * (mHat / (sqrt(vHat) + 1e-8) + decay * w), hats corrected for the start at 0.
 */
export function adamStep(
  weights: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  { rate, decay, decayed }: AdamOptions,
): void {
  state.steps++
  const { first, second } = state
  const firstScale = 1 / (1 - FIRST_KEEP ** state.steps)
  const secondScale = 1 / (1 - SECOND_KEEP ** state.steps)
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] ?? 0
    const weight = weights[i] ?? 0
    const m = FIRST_KEEP * (first[i] ?? 0) + (1 - FIRST_KEEP) * g
    const v = SECOND_KEEP * (second[i] ?? 0) + (1 - SECOND_KEEP) * g * g
    first[i] = m
    second[i] = v
    const shrink = i < decayed ? decay * weight : 0
    weights[i] = weight - rate * ((m * firstScale) / (Math.sqrt(v * secondScale) + SMALLEST) + shrink)
  }
}

/** Scales a gradient down to a Euclidean norm of at most `largest`, in place. The norm that it had. */
export function clipNorm(gradient: Float32Array, largest: number): number {
  let square = 0
  for (let i = 0; i < gradient.length; i++) square += (gradient[i] ?? 0) ** 2
  const norm = Math.sqrt(square)
  if (norm <= largest) return norm
  const factor = largest / norm
  for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] ?? 0) * factor
  return norm
}
