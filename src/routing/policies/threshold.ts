import { certain, choose } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import { type ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { Random } from '../numeric/random.ts'
import type { Policy, PolicyDefinition, PolicyParameter, PolicySetup, TrainingRows } from '../policy.ts'
import { BatchLogistic, trainBatchLogistic } from '../predict/batch-logistic.ts'
import { PromptVector } from '../predict/prompt-vector.ts'
import {
  type CallShares,
  calibrateShares,
  readCallShares,
  thresholdFor,
  writeCallShares,
} from '../price/call-shares.ts'
import { inverseRegularisation } from './lr.ts'
import {
  createObservations,
  expectedCosts,
  type Observations,
  type ObservationsState,
  plainReport,
} from './observations.ts'
import { requireTraining } from './offline-training.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { readSnapshot } from './snapshot-bytes.ts'
import { plainAuditProbability } from './usable-label.ts'

const name = 'threshold'
const schema = 2

const parameters = [
  {
    name: 'marginZ',
    default: 0,
    min: 0,
    max: 10,
    meaning: 'standard errors of the floor by which the threshold must exceed it on the training rows',
  },
  inverseRegularisation,
] as const satisfies readonly PolicyParameter[]

/** RouteLLM's threshold between a weak and a strong model: see docs/policies/threshold.md. */
export const threshold: PolicyDefinition = {
  name,
  summary:
    'RouteLLM-style (arXiv 2406.18665): for two models, a threshold on the chance that the strong one wins.',
  parameters,
  needsTraining: true,
  create(setup, argument) {
    refuseArgument(name, argument)
    return createThreshold(setup)
  },
}

/** What training leaves behind. */
interface Trained {
  readonly vector: PromptVector
  /** One output, named after the strong model: the chance that it wins. */
  readonly win: BatchLogistic
  readonly weak: string
  readonly shares: CallShares
}

function createThreshold(setup: PolicySetup): Policy {
  const settings = resolveParameters(name, parameters, setup.parameters)
  const reader = readSnapshot(setup.snapshot, name, schema)
  const trained = reader === null ? train(requireTraining(name, setup), settings.c) : readTrained(reader)
  const seen = reader === null ? null : (JSON.parse(reader.text()) as ObservationsState)
  const observations = createObservations(setup.auditBudget, seen)
  if (reader === null && setup.training !== null) observations.train(setup.training)
  return {
    name,
    decide(context, random) {
      const asked = thresholdFor(trained.shares, context.floor, settings.marginZ)
      return decide({ trained, observations }, asked, context, random)
    },
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, setup.auditBudget),
    learn: event => observations.learn(event),
    report: className => plainReport(observations, className),
    snapshot: () => ({ policy: name, schema, bytes: serialise(trained, observations) }),
  }
}

/** The strong model is the one that satisfied more training rows; it wins a row where its label is the higher one. */
function train(rows: TrainingRows, c: number): Trained {
  const [first, second] = rows.models
  if (rows.models.length !== 2 || first === undefined || second === undefined) {
    throw new RangeError(
      `policy ${name} chooses between two models, but was trained on ${rows.models.length}; leave two in the trace, or use carrot, knn or lr`,
    )
  }
  const margins = Float64Array.from(
    rows.features,
    (_, i) => (rows.satisfaction[2 * i + 1] ?? 0) - (rows.satisfaction[2 * i] ?? 0),
  )
  const strong = margins.reduce((sum, margin) => sum + margin, 0) >= 0 ? 1 : 0
  const wins = margins.map(margin => ((strong === 1 ? margin : -margin) > 0 ? 1 : 0))
  const vector = PromptVector.fit(rows.features)
  const { predictor, crossFitted } = trainBatchLogistic({
    models: [(strong === 1 ? second : first).id],
    prompts: vector.matrix(rows.features),
    targets: wins,
    c,
  })
  const shares = calibrateShares(crossFitted, rows, strong)
  return { vector, win: predictor, weak: (strong === 1 ? first : second).id, shares }
}

interface Knowledge {
  readonly trained: Trained
  readonly observations: Observations
}

/** The strong model iff the chance that it wins is at least the threshold; with only one of the pair eligible, that one. */
function decide(
  { trained, observations }: Knowledge,
  asked: number,
  context: RoutingContext,
  random: Random,
): Decision {
  const chance = new Float64Array(1)
  trained.win.predict(trained.vector.weigh(context.features), chance)
  const excess = (chance[0] ?? 0) - asked
  const scores = Float64Array.from(context.models, ({ id }) => {
    if (id === trained.win.models[0]) return -excess
    // Models of neither side come behind both.
    return id === trained.weak ? 0 : 2 + Math.abs(excess)
  })
  const strong = context.models.findIndex(({ id }) => id === trained.win.models[0])
  const inputs = {
    context,
    scores,
    satisfaction: context.models.map(() => null),
    costUsd: expectedCosts(observations, context),
    prices: [],
  }
  // At the threshold itself the strong model answers.
  const tied = excess === 0 && strong >= 0
  return choose(tied ? { ...inputs, exploit: certain(strong, context.models.length) } : inputs, random)
}

function serialise({ vector, win, weak, shares }: Trained, observations: Observations): Uint8Array {
  const writer = new ByteWriter()
  vector.write(writer)
  win.write(writer)
  writer.text(weak)
  writeCallShares(shares, writer)
  writer.text(JSON.stringify(observations.state()))
  return writer.finish()
}

function readTrained(reader: ByteReader): Trained {
  return {
    vector: PromptVector.read(reader),
    win: BatchLogistic.read(reader),
    weak: reader.text(),
    shares: readCallShares(reader),
  }
}
