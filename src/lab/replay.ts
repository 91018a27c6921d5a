import type { ClassReading } from '../routing/certify/class-certificate.ts'
import { type Decision, type DecisionRecord, decisionId, type RoutingContext } from '../routing/decision.ts'
import type { Feedback, LearningEvent } from '../routing/learning-event.ts'
import type { ModelId, ModelSpec } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { Policy } from '../routing/policy.ts'
import type { SlaClass } from '../routing/sla.ts'
import { type Audit, type AuditSpec, createAuditor } from './audits.ts'
import { createCertificateFeed } from './certificate-feed.ts'
import { type ChannelSpec, createChannel, type Truth } from './feedback-channel.ts'
import { type FloorSchedule, floorAt, requestFloors } from './floor-schedule.ts'
import { oracleDecision } from './oracle.ts'
import type { PreparedTrace } from './prepare-trace.ts'
import { modelSpec } from './training-rows.ts'
import type { World } from './world.ts'

/** Who decides: a policy, which sees contexts and events alone, or the oracle, a reference that sees labels. */
export type Chooser = { readonly kind: 'policy'; readonly policy: Policy } | { readonly kind: 'oracle' }

/** One stream and what users and auditors say of it. */
export interface ReplaySetup {
  readonly prepared: PreparedTrace
  readonly world: World
  /** The class; its floor is replaced by the schedule's. */
  readonly sla: SlaClass
  readonly floors: FloorSchedule
  readonly channel: ChannelSpec
  readonly audits: AuditSpec
  /** Labels, silence and audits of a decision arrive after this many further decisions. */
  readonly delay: number
  readonly seed: number
  /** Mean cost of a model where training rows showed it; `null` otherwise. */
  readonly typicalCostUsd: (model: ModelId) => number | null
}

/** One decision with everything that it came to. */
export interface ReplayStep {
  readonly position: number
  /** Row of the trace. */
  readonly row: number
  readonly record: DecisionRecord
  /** True label of the served answer in [0, 1]. */
  readonly satisfaction: number
  /** Everything that the decision caused, shadow calls included. */
  readonly costUsd: number
  readonly shadowCostUsd: number
  readonly audit: Audit
  /** The certificate once this decision's labels were in. */
  readonly certificate: ClassReading
}

/** A decision whose labels are still under way. */
type OpenStep = Omit<ReplayStep, 'audit' | 'certificate'> & { readonly truth: Truth }

/** Time between two requests of a stream; a replay has no clock. */
const stepMs = 1000

/**
 * Runs a policy online over a stream: decide, pay, and learn from whatever the channel says, as late as it says it.
 * Steps come in the order of the decisions, each as soon as its labels have arrived. Deterministic.
 */
export function* replay(chooser: Chooser, setup: ReplaySetup): Generator<ReplayStep> {
  const run = createRun(chooser, setup)
  const open: OpenStep[] = []
  for (let position = 0; position < setup.world.length; position++) {
    open.push(run.decide(position))
    const due = open.length > setup.delay ? open.shift() : undefined
    if (due !== undefined) yield run.resolve(due, position)
  }
  for (const step of open) yield run.leaveOpen(step)
}

interface Run {
  decide(position: number): OpenStep
  /** Delivers the labels of a step after the decision at `now`. */
  resolve(step: OpenStep, now: number): ReplayStep
  /** A step whose labels come after the end of the stream. */
  leaveOpen(step: OpenStep): ReplayStep
}

function createRun(chooser: Chooser, setup: ReplaySetup): Run {
  const { world, seed } = setup
  const say = createChannel(setup.channel)
  const auditor = createAuditor(setup.audits)
  const certificate = createCertificateFeed({
    channel: setup.channel,
    audits: setup.audits,
    delta: setup.sla.delta,
  })
  const answered = new Float64Array(world.models.length)
  const specs = world.models.map(model => modelSpec(model, setup.typicalCostUsd(model)))
  let learned = 0
  const learn = (event: LearningEvent): void => {
    learned++
    if (chooser.kind === 'policy') chooser.policy.learn(event)
  }
  return {
    decide(position) {
      world.enter(position, answered)
      const id = decisionId(`replay-${seed}-${position}`)
      const context = contextAt(setup, specs, position)
      const decision =
        chooser.kind === 'policy'
          ? chooser.policy.decide(context, createRandom(id))
          : oracleDecision(world, position, context)
      const record = { id, context, decision, learnedUpTo: learned }
      const chosen = world.models.indexOf(decision.chosen)
      answered[chosen] = (answered[chosen] ?? 0) + 1
      learn({ kind: 'decision', atMs: context.atMs, record })
      const costs = chargeCalls(setup, record, position, learn)
      const truth: Truth = new Map(
        world.availableAt(position).map(model => [idOf(specs, model), world.satisfaction(position, model)]),
      )
      const satisfaction = truth.get(decision.chosen) ?? 0
      return { position, row: world.rowAt(position), record, satisfaction, ...costs, truth }
    },
    resolve({ truth, ...step }, now) {
      const atMs = now * stepMs
      const random = createRandom(`feedback/${seed}/${step.position}`)
      const said = say(truth, step.record, atMs, random)
      said.forEach(learn)
      const audit = auditor.audit(
        {
          record: step.record,
          feedback: complaintIn(setup.channel, said),
          label: step.satisfaction,
          ask: askerOf(chooser),
        },
        createRandom(`audit/${seed}/${step.position}`),
      )
      const { chosen } = step.record.decision
      const { probability, value } = audit
      if (value !== null)
        learn({ kind: 'audit', atMs, record: step.record, model: chosen, value, probability })
      certificate.add({ record: step.record, said, audit })
      return { ...step, audit, certificate: certificate.reading() }
    },
    leaveOpen({ truth: _, ...step }) {
      return { ...step, audit: { probability: 0, value: null }, certificate: certificate.reading() }
    },
  }
}

/** What the policy is shown: nothing of the row but its prompt. */
function contextAt(setup: ReplaySetup, specs: readonly ModelSpec[], position: number): RoutingContext {
  const { prepared, world } = setup
  const row = world.rowAt(position)
  const features = prepared.features[row]
  if (features === undefined) throw new RangeError(`row ${row} has no features`)
  const { classFloor, requestFloor } = floorAt(setup.floors, position, world.length, setup.seed)
  const floors = requestFloors(setup.floors)
  return {
    sla: { ...setup.sla, floor: classFloor, ...(floors === null ? {} : { floors }) },
    floor: requestFloor,
    atMs: position * stepMs,
    models: world.availableAt(position).flatMap(model => specs[model] ?? []),
    features,
    promptTokens: prepared.promptTokens[row] ?? 0,
    load: [],
  }
}

/** Tells the policy what each call cost, the served one first; sums what the decision caused. */
function chargeCalls(
  setup: ReplaySetup,
  record: DecisionRecord,
  position: number,
  learn: (event: LearningEvent) => void,
): { readonly costUsd: number; readonly shadowCostUsd: number } {
  let costUsd = 0
  let shadowCostUsd = 0
  for (const [i, model] of calledModels(record.decision).entries()) {
    const index = setup.world.models.indexOf(model)
    if (!setup.world.availableAt(position).includes(index)) {
      throw new RangeError(
        `the policy called model '${model}', which cannot be called at request ${position}`,
      )
    }
    const callCostUsd = setup.world.costUsd(position, index)
    const shadow = i > 0
    costUsd += callCostUsd
    if (shadow) shadowCostUsd += callCostUsd
    const outcome = {
      costUsd: callCostUsd,
      promptTokens: null,
      completionTokens: null,
      latencyMs: null,
      firstTokenMs: null,
      error: null,
      shadow,
    }
    learn({ kind: 'outcome', atMs: record.context.atMs, record, model, outcome })
  }
  return { costUsd, shadowCostUsd }
}

function calledModels(decision: Decision): readonly ModelId[] {
  return [decision.chosen, ...decision.shadows]
}

function idOf(specs: readonly ModelSpec[], model: number): ModelId {
  const spec = specs[model]
  if (spec === undefined) throw new RangeError(`no model at position ${model}`)
  return spec.id
}

function askerOf(chooser: Chooser): (record: DecisionRecord, feedback?: Feedback) => number {
  return chooser.kind === 'oracle'
    ? () => 0
    : (record, feedback) => chooser.policy.auditProbability(record, feedback)
}

/** The complaint among what was said, where users can only complain. */
function complaintIn(channel: ChannelSpec, said: readonly LearningEvent[]): Feedback | undefined {
  if (channel.kind !== 'one-sided') return undefined
  return said.find(event => event.kind === 'feedback')
}
