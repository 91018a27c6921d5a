import { choose } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import { lowerHull } from '../evaluate/lower-hull.ts'
import type { Features } from '../features/features.ts'
import { LOG_LENGTH } from '../features/prompt-statistics.ts'
import { type ModelId, modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { sigmoid } from '../numeric/dense-layer.ts'
import type { Random } from '../numeric/random.ts'
import type { Policy, PolicyDefinition, PolicySetup, PolicyTrainer, TrainingRows } from '../policy.ts'
import { priceIndex } from '../predict/cost-units.ts'
import { PromptVector } from '../predict/prompt-vector.ts'
import { TextProjection } from '../predict/text-projection.ts'
import { createObservations, type ObservationsState, plainReport, statedCostUsd } from './observations.ts'
import { requireTraining } from './offline-training.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { behindTheTrained } from './price-choice.ts'
import { FloorLambda } from './proteus-lambda.ts'
import type { ProteusRows } from './proteus-loss.ts'
import { createPass, ProteusNetwork, shapesOf } from './proteus-network.ts'
import { type ProteusSettings, proteusParameters } from './proteus-parameters.ts'
import { costWeight, proteusScores } from './proteus-score.ts'
import { type FloorRange, ProteusTraining, scaledFloor } from './proteus-training.ts'
import { readSnapshot } from './snapshot-bytes.ts'
import { plainAuditProbability } from './usable-label.ts'

const name = 'proteus'
const schema = 1
/** Coordinates of a prompt: log length and singular directions. */
const COORDINATES = 256
/** Coordinates have a joint norm of about one; the network's layers expect units of about one. */
const INPUT_SCALE = 4
/** Steps up the hull that cost less than this share of the dearest one are always taken. */
const SMALLEST_STEP = 0.01
/** How far training draws floors beyond the models' accuracies, as a share of their range. */
const BEYOND = 0.1

/** PROTEUS, reconstructed on this project's prompt features: see docs/policies/proteus.md. */
export const proteus: PolicyDefinition = {
  name,
  summary:
    'PROTEUS (arXiv 2601.19402): one network trained by Lagrangian RL for every floor; open loop when it serves.',
  parameters: proteusParameters,
  needsTraining: true,
  create(setup, argument) {
    refuseArgument(name, argument)
    const reader = readSnapshot(setup.snapshot, name, schema)
    if (reader === null) return trainToTheEnd(createProteusTrainer(setup, null))
    const learned = readLearned(reader)
    const seen = JSON.parse(reader.text()) as ObservationsState
    return createProteus(setup, learned, seen)
  },
  trainer(setup, argument, checkpoint) {
    refuseArgument(name, argument)
    return createProteusTrainer(setup, checkpoint)
  },
}

/** Everything that a decision needs. */
interface Learned {
  readonly reader: PromptCoordinates
  readonly network: ProteusNetwork
  readonly range: FloorRange
  /** As training left it. */
  readonly lambda: FloorLambda
  readonly models: readonly ModelId[]
  /** [models], mean over the training rows. */
  readonly meanCostsUsd: Float64Array
  readonly costScaleUsd: number
  /** [models]; 0 where a model had no price list. */
  readonly priceIndices: Float64Array
  /** Fixed gamma; 0: the network's. */
  readonly gamma: number
}

function trainToTheEnd(trainer: PolicyTrainer): Policy {
  trainer.advance(trainer.steps)
  return trainer.finish()
}

function createProteusTrainer(setup: PolicySetup, checkpoint: Uint8Array | null): PolicyTrainer {
  const settings = resolveParameters(name, proteusParameters, setup.parameters)
  const rows = requireTraining(name, setup)
  const reader = PromptCoordinates.fit(rows.features)
  const meanCostsUsd = columnMeans(rows.costUsd, rows.models.length)
  const costScaleUsd = proteusCostScaleUsd(
    columnMeans(rows.satisfaction, rows.models.length),
    meanCostsUsd,
    settings.dearestScale >= 0.5,
  )
  const range = floorRange(rows, meanCostsUsd, settings)
  const from = checkpoint === null ? null : new ByteReader(checkpoint)
  const training = new ProteusTraining(
    proteusRows(rows, reader, meanCostsUsd, costScaleUsd),
    range,
    settings,
    from,
  )
  return {
    steps: training.steps,
    get done() {
      return training.done
    },
    get curve() {
      return training.curve
    },
    advance: steps => training.advance(steps),
    checkpoint() {
      const writer = new ByteWriter()
      training.write(writer)
      return writer.finish()
    },
    finish() {
      if (training.done < training.steps) {
        throw new RangeError(
          `the training stands at step ${training.done} of ${training.steps}; advance it to the end first`,
        )
      }
      const learned: Learned = {
        reader,
        network: training.network,
        range,
        lambda: training.lambda,
        models: rows.models.map(spec => spec.id),
        meanCostsUsd,
        costScaleUsd,
        priceIndices: Float64Array.from(rows.models, spec => priceIndex(spec) ?? 0),
        gamma: settings.gamma,
      }
      return createProteus(setup, learned, null)
    },
  }
}

function proteusRows(
  rows: TrainingRows,
  reader: PromptCoordinates,
  meanCostsUsd: Float64Array,
  costScaleUsd: number,
): ProteusRows {
  const inputs = reader.dimension
  const x = new Float32Array(rows.features.length * inputs)
  rows.features.forEach((features, i) => {
    reader.read(features, x, i * inputs)
  })
  return {
    x,
    inputs,
    satisfaction: rows.satisfaction,
    costs: relativeTo(costScaleUsd, meanCostsUsd),
  }
}

/** From the cheapest model's mean to the best one's, and a little beyond both. Throws a RangeError for an empty range. */
function floorRange(rows: TrainingRows, meanCostsUsd: Float64Array, settings: ProteusSettings): FloorRange {
  const means = columnMeans(rows.satisfaction, rows.models.length)
  const cheapest = means[meanCostsUsd.indexOf(Math.min(...meanCostsUsd))] ?? 0
  const best = Math.max(...means)
  const beyond = BEYOND * (best - cheapest)
  const { lowFloor, highFloor } = settings
  const low =
    lowFloor > 0 ? lowFloor : Math.max(0, Math.min(cheapest - beyond, highFloor > 0 ? highFloor : 1))
  const high = highFloor > 0 ? highFloor : Math.min(1, Math.max(best + beyond, low))
  if (low <= high) return { low, high }
  throw new RangeError(
    `policy ${name}: lowFloor is ${low} and highFloor ${high}; the lower one must not be above the other`,
  )
}

function createProteus(setup: PolicySetup, learned: Learned, seen: ObservationsState | null): Policy {
  const { servedLambda } = resolveParameters(name, proteusParameters, setup.parameters)
  const observations = createObservations(setup.auditBudget, seen)
  const chooser = createChooser(learned, servedLambda)
  return {
    name,
    decide: chooser,
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, setup.auditBudget),
    learn: event => observations.learn(event),
    report: className => plainReport(observations, className),
    snapshot() {
      const writer = new ByteWriter()
      writeLearned(learned, writer)
      writer.text(JSON.stringify(observations.state()))
      return { policy: name, schema, bytes: writer.finish() }
    },
  }
}

/** The deterministic choice of the published rule: mu is the mean of its distribution, lambda a constant. */
function createChooser(
  learned: Learned,
  servedLambda: number,
): (context: RoutingContext, random: Random) => Decision {
  const { network, reader, range } = learned
  const positions = new Map(learned.models.map((model, m) => [model, m]))
  const pass = createPass(network.shape, 1)
  const gamma = learned.gamma > 0 ? learned.gamma : network.gamma
  const { boosts } = network
  return (context, random) => {
    reader.read(context.features, pass.x, 0)
    network.encode(pass, 1)
    const lambda = servedLambda < 0 ? learned.lambda.at(context.floor) : servedLambda
    network.act(pass, 1, { floor: scaledFloor(context.floor, range), logLambda: Math.log1p(lambda) })
    const { a, b } = shapesOf(pass.actions, 0)
    const mu = a / (a + b)
    const own = context.models.map(({ id }) => positions.get(id) ?? -1)
    const satisfaction = own.map(m => (m < 0 ? null : sigmoid(pass.logits[m] ?? 0)))
    const costUsd = context.models.map((spec, k) => {
      const m = own[k] ?? -1
      return m < 0 ? statedCostUsd(spec, context.promptTokens) : costAtListUsd(learned, m, priceIndex(spec))
    })
    // The scale stays the training's: a model that comes or goes changes no other one's score.
    const scale = learned.costScaleUsd
    const scores = proteusScores(
      satisfaction.map(Number),
      mu,
      {
        boosts: Float64Array.from(own, m => boosts[m] ?? 0),
        gamma,
        costs: relativeTo(scale, costUsd.map(Number)),
      },
      new Float64Array(own.length),
    ).map(score => -score)
    const priceUsd = Math.min(Number.MAX_VALUE, scale / costWeight(mu, gamma))
    const prices = [{ constraint: 'satisfaction', priceUsd }]
    return choose({ context, scores: behindTheTrained(scores, own), satisfaction, costUsd, prices }, random)
  }
}

/** Mean cost in training at today's price list. */
function costAtListUsd({ meanCostsUsd, priceIndices }: Learned, m: number, now: number | null): number {
  const before = priceIndices[m] ?? 0
  const change = before > 0 && now !== null && now > 0 ? now / before : 1
  return (meanCostsUsd[m] ?? 0) * change
}

/** A prompt as the network reads it. */
class PromptCoordinates {
  readonly #vector: PromptVector
  readonly #projection: TextProjection
  readonly dimension: number

  private constructor(vector: PromptVector, projection: TextProjection, dimension: number) {
    this.#vector = vector
    this.#projection = projection
    this.dimension = dimension
  }

  static fit(sample: readonly Features[]): PromptCoordinates {
    const vector = PromptVector.fit(sample)
    const dimension = Math.min(COORDINATES, sample.length)
    return new PromptCoordinates(vector, TextProjection.fit(vector, sample, dimension), dimension)
  }

  static read(reader: ByteReader): PromptCoordinates {
    const dimension = reader.count()
    return new PromptCoordinates(PromptVector.read(reader), TextProjection.read(reader), dimension)
  }

  write(writer: ByteWriter): void {
    writer.count(this.dimension)
    this.#vector.write(writer)
    this.#projection.write(writer)
  }

  /** Writes the coordinates of a prompt; zeros, the mean prompt, where another featurizer made it. */
  read(features: Features, out: Float32Array, at: number): void {
    if (features.encoder !== this.#vector.encoder) {
      out.fill(0, at, at + this.dimension)
      return
    }
    const logLength = features.statistics[LOG_LENGTH] ?? 0
    const coordinates = this.#projection.project(this.#vector.weigh(features), logLength)
    for (let k = 0; k < this.dimension; k++) out[at + k] = INPUT_SCALE * (coordinates[k] ?? 0)
  }
}

function writeLearned(learned: Learned, writer: ByteWriter): void {
  learned.reader.write(writer)
  learned.network.write(writer)
  writer.number(learned.range.low)
  writer.number(learned.range.high)
  learned.lambda.write(writer)
  writer.list(learned.models, model => writer.text(model))
  writer.array(learned.meanCostsUsd)
  writer.number(learned.costScaleUsd)
  writer.array(learned.priceIndices)
  writer.number(learned.gamma)
}

function readLearned(reader: ByteReader): Learned {
  const coordinates = PromptCoordinates.read(reader)
  const network = ProteusNetwork.read(reader)
  const range = { low: reader.number(), high: reader.number() }
  return {
    reader: coordinates,
    network,
    range,
    lambda: FloorLambda.read(range, reader),
    models: reader.list(() => modelId(reader.text())),
    meanCostsUsd: reader.float64(),
    costScaleUsd: reader.number(),
    priceIndices: reader.float64(),
    gamma: reader.number(),
  }
}

function columnMeans(values: Float64Array, width: number): Float64Array {
  const means = new Float64Array(width)
  values.forEach((value, i) => {
    means[i % width] = (means[i % width] ?? 0) + (value * width) / values.length
  })
  return means
}

/**
 * USD that a cost of one stands for: the price at mu = 0, and the least that the policy can pay for a satisfied request. Half the
 * price of the cheapest step up the hull of the models' means that costs at least a hundredth of the dearest step; or the
 * dearest model's mean cost.
 */
export function proteusCostScaleUsd(
  satisfaction: ArrayLike<number>,
  meanCostsUsd: ArrayLike<number>,
  byDearest: boolean,
): number {
  const dearestUsd = Math.max(...Array.from(meanCostsUsd), Number.MIN_VALUE)
  const prices = lowerHull(satisfaction, meanCostsUsd).steps.map(({ priceUsd }) => priceUsd)
  const least = SMALLEST_STEP * (prices.at(-1) ?? 0)
  const first = prices.find(price => price > 0 && price >= least)
  return byDearest || first === undefined ? dearestUsd : first / 2
}

function relativeTo(scale: number, costsUsd: ArrayLike<number>): Float64Array {
  return Float64Array.from(costsUsd, cost => cost / scale)
}
