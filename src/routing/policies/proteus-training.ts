import { betaLogDensity, sampleBeta } from '../numeric/beta-distribution.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { OptimisedPart } from '../numeric/optimised-part.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import { createLearningCurve, type LearningCurve } from './learning-curve.ts'
import { FloorLambda } from './proteus-lambda.ts'
import {
  addSurrogateLoss,
  chancesOf,
  highest,
  labelLoss,
  type ProteusBatch,
  type ProteusRows,
  policyLoss,
  proteusReward,
} from './proteus-loss.ts'
import {
  ACTION_OUTPUTS,
  createPass,
  layoutOf,
  ProteusNetwork,
  type ProteusParts,
  type ProteusPass,
  type ProteusShape,
  partsOf,
  shapesOf,
} from './proteus-network.ts'
import type { ProteusSettings } from './proteus-parameters.ts'
import { proteusScores } from './proteus-score.ts'

/** Floors that training draws from. */
export interface FloorRange {
  readonly low: number
  readonly high: number
}

/** Batches between two steps of lambda. */
const LAMBDA_EVERY = 5
/** AdamW's usual one: the policy head has one answer to learn, not rows. */
const POLICY_DECAY = 0.01
/** Times that the average row is trained on, unless steps are given; and the most steps that this makes. */
const EPOCHS = 600
const MOST_STEPS = 4000

/** Columns of the learning curve. */
const CURVE = [
  'return',
  'lambda',
  'violation',
  'crossEntropy',
  'mu',
  'low asked',
  'low achieved',
  'middle asked',
  'middle achieved',
  'high asked',
  'high achieved',
] as const

/** A floor on the scale of the network: the range of training is [-1, 1]. */
export function scaledFloor(floor: number, { low, high }: FloorRange): number {
  return high > low ? (2 * floor - low - high) / (high - low) : 0
}

/** Number of steps for so many rows. */
export function proteusSteps(rows: number, { steps, batch }: ProteusSettings): number {
  if (steps > 0) return Math.round(steps)
  return Math.min(MOST_STEPS, Math.max(1, Math.round((EPOCHS * rows) / batch)))
}

/**
 * Trains PROTEUS (arXiv 2601.19402) step by step: draw a floor, draw a preference for every row of a batch, choose by the score,
 * learn the policy head from the reward S - alpha c + lambda (S - tau), the performance head from all labels, and, on the
 * slower time scale, lambda by dual ascent. Deterministic by seed; the state between two steps can be written and read.
 */
export class ProteusTraining {
  readonly network: ProteusNetwork
  readonly steps: number
  readonly #rows: ProteusRows
  readonly #range: FloorRange
  readonly #settings: ProteusSettings
  readonly #gradient: ProteusParts
  readonly #head: OptimisedPart
  readonly #policy: OptimisedPart
  readonly #pass: ProteusPass
  readonly #order: Int32Array
  readonly #curve: LearningCurve
  /** The first half learns in the first so many steps and stays as it is from then on. */
  readonly #headSteps: number
  #encoded: { readonly z: Float32Array; readonly logits: Float32Array } | null = null
  #done = 0
  #lambda: FloorLambda

  constructor(
    rows: ProteusRows,
    range: FloorRange,
    settings: ProteusSettings,
    from: ByteReader | null = null,
  ) {
    this.#rows = rows
    this.#range = range
    this.#settings = settings
    const count = rows.x.length / rows.inputs
    this.steps = proteusSteps(count, settings)
    this.#headSteps = Math.ceil(settings.headShare * this.steps)
    const shape = { inputs: rows.inputs, width: Math.round(settings.width), models: rows.costs.length }
    const random = createRandom(`proteus/${settings.seed}`)
    this.#order = shuffled(count, random)
    this.network = from === null ? ProteusNetwork.initial(shape, random) : readNetwork(shape, from)
    this.#lambda = new FloorLambda(range, settings)
    const { weights } = this.network
    const gradient = new Float32Array(weights.length)
    this.#gradient = partsOf(shape, gradient)
    const { head, headWeights, policyWeights } = layoutOf(shape)
    this.#head = new OptimisedPart(weights.subarray(0, head), gradient.subarray(0, head), headWeights)
    this.#policy = new OptimisedPart(weights.subarray(head), gradient.subarray(head), policyWeights)
    this.#pass = createPass(shape, 2 * Math.round(settings.batch))
    this.#curve = createLearningCurve(CURVE, this.steps)
    if (from !== null) this.#read(from)
  }

  get done(): number {
    return this.#done
  }

  get lambda(): FloorLambda {
    return this.#lambda
  }

  get curve() {
    return this.#curve.view()
  }

  /** Trains at most so many further steps. */
  advance(steps: number): void {
    const end = Math.min(this.steps, this.#done + steps)
    while (this.#done < end) this.#step()
  }

  write(writer: ByteWriter): void {
    this.network.write(writer)
    writer.count(this.#done)
    this.#lambda.write(writer)
    this.#head.write(writer)
    this.#policy.write(writer)
    this.#curve.write(writer)
  }

  #read(reader: ByteReader): void {
    this.#done = reader.count()
    this.#lambda = FloorLambda.read(this.#range, reader)
    this.#head.read(reader)
    this.#policy.read(reader)
    this.#curve.read(reader)
  }

  #step(): void {
    const { seed, reinforce, passes } = this.#settings
    const random = createRandom(`proteus/${seed}/${this.#done}`)
    const floor = this.#range.low + (this.#range.high - this.#range.low) * random.next()
    const batch = this.#playBatch(floor, random)
    const crossEntropy = this.#done < this.#headSteps ? this.#learnPerformance(batch) : Number.NaN
    const times = reinforce >= 0.5 ? 1 : Math.round(passes)
    for (let pass = 0; pass < times; pass++) this.#learnPolicy(batch, pass)
    this.#note(batch, crossEntropy)
    this.#done++
    this.#lambda.observe(floor, floor - batch.achieved)
    if (this.#done % LAMBDA_EVERY === 0) this.#lambda.ascend()
  }

  /** Encoder and performance head, from the labels of the rows that teach it. The mean cross-entropy before the step. */
  #learnPerformance(batch: ProteusBatch): number {
    const { byLogits, crossEntropy } = labelLoss(batch, this.#pass, this.#rows)
    this.#head.gradient.fill(0)
    this.network.backwardPerformance(this.#gradient, this.#pass, byLogits, batch.labelled)
    this.#head.step(this.#settings)
    return crossEntropy
  }

  /** Policy head, boosts and gamma; z and the chances stay as they were when the batch was played. */
  #learnPolicy(batch: ProteusBatch, pass: number): void {
    if (pass > 0) this.#act(batch.acting, batch.floor)
    const byActions = policyLoss(batch, this.#pass, this.#settings)
    this.#policy.gradient.fill(0)
    addSurrogateLoss(
      this.network.parts,
      this.#gradient,
      { batch, pass: this.#pass, rows: this.#rows },
      { scoring: this.#scoring(), settings: this.#settings },
    )
    this.network.backwardPolicy(this.#gradient, this.#pass, byActions, this.#told(batch.floor))
    this.#policy.step({ rate: this.#settings.rate, decay: POLICY_DECAY })
  }

  /** Draws rows and preferences and chooses. */
  #playBatch(floor: number, random: Random): ProteusBatch {
    const { rows, acting, labelled } = this.#drawRows(random)
    this.#forward(rows, acting, floor)
    const models = this.#rows.costs.length
    const scoring = this.#scoring()
    const scores = new Float64Array(models)
    const mu = new Float64Array(acting)
    const chosen = new Int32Array(acting)
    const logDensity = new Float64Array(acting)
    let achieved = 0
    for (let i = 0; i < acting; i++) {
      const { a, b } = shapesOf(this.#pass.actions, i)
      const preference = sampleBeta(a, b, random)
      mu[i] = preference
      logDensity[i] = betaLogDensity(preference, a, b).value
      const best = highest(proteusScores(chancesOf(this.#pass, i, models), preference, scoring, scores))
      chosen[i] = best
      achieved += (this.#rows.satisfaction[(rows[i] ?? 0) * models + best] ?? 0) / acting
    }
    const lambda = this.#lambda.at(floor)
    const rewards = Float64Array.from(chosen, (model, i) =>
      proteusReward(this.#rows, { row: rows[i] ?? 0, model }, { lambda, floor }, this.#settings.costWeight),
    )
    return {
      rows,
      acting,
      labelled,
      floor,
      lambda,
      mu,
      chosen,
      achieved,
      rewards,
      logDensity,
      ...this.#advantages(rewards),
    }
  }

  /** Either every row acts and teaches, or two disjoint parts of the sample do, a batch each. */
  #drawRows(random: Random): Pick<ProteusBatch, 'rows' | 'acting' | 'labelled'> {
    const { heldOut } = this.#settings
    const acting = Math.round(this.#settings.batch)
    const order = this.#order
    const cut = Math.round(heldOut * order.length)
    const draw = (from: number, to: number): number => order[from + random.integer(to - from)] ?? 0
    if (cut === 0) {
      return { rows: Int32Array.from({ length: acting }, () => draw(0, order.length)), acting, labelled: 0 }
    }
    const rows = Int32Array.from({ length: 2 * acting }, (_, i) =>
      i < acting ? draw(0, cut) : draw(cut, order.length),
    )
    return { rows, acting, labelled: acting }
  }

  #forward(rows: Int32Array, acting: number, floor: number): void {
    const { x, inputs } = this.#rows
    if (this.#done >= this.#headSteps) this.#recall(rows, acting)
    else {
      rows.forEach((row, i) => {
        this.#pass.x.set(x.subarray(row * inputs, (row + 1) * inputs), i * inputs)
      })
      this.network.encode(this.#pass, rows.length)
    }
    this.#act(acting, floor)
  }

  /** What the finished first half makes of the acting rows, computed once for every row. */
  #recall(rows: Int32Array, acting: number): void {
    const { width, models } = this.network.shape
    this.#encoded ??= encodeAll(this.network, this.#rows)
    const { z, logits } = this.#encoded
    for (let i = 0; i < acting; i++) {
      const row = rows[i] ?? 0
      this.#pass.z.set(z.subarray(row * width, (row + 1) * width), i * width)
      this.#pass.logits.set(logits.subarray(row * models, (row + 1) * models), i * models)
    }
  }

  #act(acting: number, floor: number): void {
    this.network.act(this.#pass, acting, {
      floor: scaledFloor(floor, this.#range),
      logLambda: this.#told(floor),
    })
  }

  /**
   * What the gate is told. One lambda for all floors is news to the policy head; a function of the floor is not, and the head is
   * told what it will be told when it serves.
   */
  #told(floor: number): number {
    const { lambdaKnots, servedLambda } = this.#settings
    const asServed = Math.round(lambdaKnots) > 1 && servedLambda >= 0
    return Math.log1p(asServed ? servedLambda : this.#lambda.at(floor))
  }

  #scoring() {
    const { gamma } = this.#settings
    return {
      boosts: this.network.boosts,
      gamma: gamma > 0 ? gamma : this.network.gamma,
      costs: this.#rows.costs,
    }
  }

  /** Rewards in units of 1 + lambda above the critic's value, centred and over their standard deviation. */
  #advantages(rewards: Float64Array): Pick<ProteusBatch, 'advantages' | 'deviation'> {
    const critic = this.#settings.critic >= 0.5
    const above = rewards.map((reward, i) => reward - (critic ? this.#value(i) : 0))
    const mean = meanOf(above)
    const deviation = Math.sqrt(meanOf(above.map(value => (value - mean) ** 2))) + 1e-6
    return { advantages: above.map(value => (value - mean) / deviation), deviation }
  }

  #value(row: number): number {
    return this.#pass.actions[row * ACTION_OUTPUTS + 2] ?? 0
  }

  #note(batch: ProteusBatch, crossEntropy: number): void {
    const { floor, lambda, achieved, rewards, mu } = batch
    const { low, high } = this.#range
    const third = Math.min(2, Math.floor((3 * (floor - low)) / Math.max(high - low, 1e-12)))
    const blank = Number.NaN
    const byThird = [0, 1, 2].flatMap(each => (each === third ? [floor, achieved] : [blank, blank]))
    this.#curve.add([meanOf(rewards), lambda, floor - achieved, crossEntropy, meanOf(mu), ...byThird])
  }
}

function readNetwork(shape: ProteusShape, reader: ByteReader): ProteusNetwork {
  const network = ProteusNetwork.read(reader)
  const { inputs, width, models } = network.shape
  if (inputs === shape.inputs && width === shape.width && models === shape.models) return network
  throw new RangeError(
    `the checkpoint holds a network of another shape (${inputs}, ${width}, ${models}), expected (${shape.inputs}, ${shape.width}, ${shape.models}); train without it`,
  )
}

function encodeAll(network: ProteusNetwork, { x, inputs }: ProteusRows) {
  const { width, models } = network.shape
  const count = x.length / inputs
  const pass = createPass(network.shape, 1)
  const z = new Float32Array(count * width)
  const logits = new Float32Array(count * models)
  for (let row = 0; row < count; row++) {
    pass.x.set(x.subarray(row * inputs, (row + 1) * inputs))
    network.encode(pass, 1)
    z.set(pass.z, row * width)
    logits.set(pass.logits, row * models)
  }
  return { z, logits }
}

function shuffled(count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const other = random.integer(i + 1)
    const held = order[i] ?? 0
    order[i] = order[other] ?? 0
    order[other] = held
  }
  return order
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
