import type { ModelId, ModelSpec } from '../routing/model.ts'
import { promiseRefusal } from '../routing/policies/promise-refusal.ts'
import { createPolicy } from '../routing/policies/registry.ts'
import { startTrained, type TrainedPolicy } from '../routing/policies/trained-policy.ts'
import type { Policy, TrainingRows } from '../routing/policy.ts'
import type { PromiseKind, SlaClass } from '../routing/sla.ts'
import type { AuditSpec } from './audits.ts'
import type { Drift } from './drift.ts'
import { type ChannelSpec, feedbackKind } from './feedback-channel.ts'
import { type FloorSchedule, floorAt } from './floor-schedule.ts'
import type { PreparedTrace } from './prepare-trace.ts'
import { type Chooser, type ReplaySetup, type ReplayStep, replay } from './replay.ts'
import { shuffledOrder } from './row-order.ts'
import { SpecificationError } from './specification-error.ts'
import { type RunFigures, summarise } from './summarise.ts'
import { trainingRows } from './training-rows.ts'
import { createWorld, type World } from './world.ts'

/** Rows given with full information before the first request. */
export type WarmStart =
  | { readonly kind: 'none' }
  /**
   * The first share of the shuffled rows, in [0, 1); only the others are decided. `trained`, where it is given, is a policy
   * that was trained on just these rows before, so that many runs need one training.
   */
  | { readonly kind: 'share'; readonly share: number; readonly trained?: TrainedPolicy }
  /** All rows of another trace. */
  | { readonly kind: 'trace'; readonly prepared: PreparedTrace }
  /** The state of a policy that was trained before, in place of rows. */
  | { readonly kind: 'trained'; readonly trained: TrainedPolicy }

/** One floor and one seed of a replay. */
export interface RunSpec {
  readonly prepared: PreparedTrace
  /** As `createPolicy` takes it, or `oracle`; with its parameters that of the training, where there was one before. */
  readonly policy: string
  readonly parameters: Readonly<Record<string, number>>
  readonly floors: FloorSchedule
  readonly seed: number
  readonly channel: ChannelSpec
  readonly audits: AuditSpec
  readonly delay: number
  readonly warmStart: WarmStart
  /** A model known to satisfy; `null`: the dearest of the warm rows or the training, in a cold start the dearest of the trace. */
  readonly proven: ModelId | null
  readonly drifts: readonly Drift[]
  /** Rows of the shuffled trace to use; `null`: all. */
  readonly limit: number | null
  /** Probability of a wrong certificate, in (0, 1). */
  readonly delta: number
  /** What keeping the floor means; absent: on average. */
  readonly promise?: PromiseKind
}

/** Name of the only class of a replay. */
const className = 'replay'

/** A replay under way. */
export interface RunningReplay {
  /** Runs on while it is iterated. */
  readonly steps: Iterable<ReplayStep>
  /** The figures of the steps so far; throws before the first. */
  figures(): RunFigures
}

/** Runs one replay to its end. */
export function runReplay(spec: RunSpec): RunFigures {
  const running = startReplay(spec)
  for (const _ of running.steps);
  return running.figures()
}

/** Sets one replay up, for a caller that has to do other things between its steps. Throws `SpecificationError`. */
export function startReplay(spec: RunSpec): RunningReplay {
  refusePromise(spec)
  const { online, warm } = splitRows(spec)
  const world = createWorld({
    trace: spec.prepared.trace,
    order: online,
    drifts: spec.drifts,
    seed: spec.seed,
  })
  const training = trainingOf(spec, warm, world)
  const known = training?.models ?? trainedModels(spec, world)
  const typical = new Map(known.map(model => [model.id, model.typicalCostUsd]))
  const chooser = chooserOf(spec, training)
  const setup: ReplaySetup = {
    prepared: spec.prepared,
    world,
    sla: slaOf(spec, known, world),
    floors: spec.floors,
    channel: spec.channel,
    audits: spec.audits,
    delay: spec.delay,
    seed: spec.seed,
    typicalCostUsd: model => typical.get(model) ?? null,
  }
  const done: ReplayStep[] = []
  return {
    steps: keepEach(replay(chooser, setup), done),
    figures: () =>
      summarise({
        steps: done,
        world,
        floors: spec.floors,
        report: chooser.kind === 'policy' ? chooser.policy.report(className) : null,
      }),
  }
}

/** A reference promises nothing; a policy must be able to keep what is promised. */
function refusePromise({ policy, channel, audits, delta, promise = 'on-average', floors }: RunSpec): void {
  const sla = { promise, feedback: feedbackKind(channel), floor: floorAt(floors, 0, 1, 0).classFloor, delta }
  const refusal = promiseRefusal({ sla, policy, auditBudget: audits.budget })
  if (refusal !== null) throw new SpecificationError(`--promise certified: ${refusal}`)
}

function* keepEach(steps: Iterable<ReplayStep>, kept: ReplayStep[]): Generator<ReplayStep> {
  for (const step of steps) {
    kept.push(step)
    yield step
  }
}

/** Shuffles the rows and sets the warm ones apart. */
function splitRows(spec: RunSpec): { readonly online: readonly number[]; readonly warm: readonly number[] } {
  const { rows, name } = spec.prepared.trace
  const limit = spec.limit ?? rows.length
  if (limit > rows.length) {
    throw new SpecificationError(`trace '${name}' has ${rows.length} rows, fewer than the ${limit} asked for`)
  }
  const order = shuffledOrder(rows.length, spec.seed).slice(0, limit)
  const share = spec.warmStart.kind === 'share' ? spec.warmStart.share : 0
  const warmCount = Math.round(share * order.length)
  if (share > 0 && warmCount === 0) {
    throw new SpecificationError(
      `trace '${name}': a warm start of ${share} is none of its ${order.length} rows; give a larger share, or none`,
    )
  }
  const online = order.slice(warmCount)
  if (online.length > 0) return { online, warm: order.slice(0, warmCount) }
  throw new SpecificationError(
    `trace '${name}': no row is left to decide after a warm start of ${warmCount} rows`,
  )
}

/** The rows that a run with this specification trains on; `null` where it starts cold or trained. */
export function warmRows(spec: RunSpec): TrainingRows | null {
  const { online, warm } = splitRows(spec)
  const world = createWorld({
    trace: spec.prepared.trace,
    order: online,
    drifts: spec.drifts,
    seed: spec.seed,
  })
  return trainingOf(spec, warm, world)
}

function trainingOf(spec: RunSpec, warm: readonly number[], world: World): TrainingRows | null {
  const models = firstModels(world)
  switch (spec.warmStart.kind) {
    case 'none':
    case 'trained':
      return null
    case 'share':
      return warm.length === 0 ? null : trainingRows(spec.prepared, warm, models)
    case 'trace': {
      const { prepared } = spec.warmStart
      return trainingRows(prepared, [...prepared.trace.rows.keys()], models)
    }
  }
}

/** The models at the first request: one that appears later was not there to be trained on. */
function firstModels(world: World): readonly ModelId[] {
  return world.availableAt(0).flatMap(model => world.models[model] ?? [])
}

/** What an earlier training knew of the models of this stream. */
function trainedModels({ warmStart }: RunSpec, world: World): readonly ModelSpec[] {
  if (warmStart.kind !== 'trained') return []
  const specs = new Map(warmStart.trained.models.map(spec => [spec.id, spec]))
  return firstModels(world).flatMap(model => specs.get(model) ?? [])
}

function chooserOf(spec: RunSpec, training: TrainingRows | null): Chooser {
  if (spec.policy === 'oracle') {
    const [parameter] = Object.keys(spec.parameters)
    if (parameter === undefined) return { kind: 'oracle' }
    throw new SpecificationError(`oracle has no parameter ${parameter}; it takes none`)
  }
  return { kind: 'policy', policy: policyOf(spec, training) }
}

function policyOf(spec: RunSpec, training: TrainingRows | null): Policy {
  try {
    const { parameters, audits, warmStart } = spec
    const trained = warmStart.kind === 'trained' || warmStart.kind === 'share' ? warmStart.trained : undefined
    if (trained !== undefined) return startTrained(trained, audits.budget)
    return createPolicy(spec.policy, { parameters, training, snapshot: null, auditBudget: audits.budget })
  } catch (error) {
    if (error instanceof RangeError) throw new SpecificationError(error.message, { cause: error })
    throw error
  }
}

function slaOf(spec: RunSpec, known: readonly ModelSpec[], world: World): SlaClass {
  const proven = spec.proven ?? dearest(known) ?? dearestOnList(spec, world)
  return {
    name: className,
    floor: 0.5,
    feedback: feedbackKind(spec.channel),
    promise: spec.promise ?? 'on-average',
    delta: spec.delta,
    ...(proven === null ? {} : { proven }),
  }
}

function dearest(known: readonly ModelSpec[]): ModelId | null {
  const priced = known.filter(model => model.typicalCostUsd !== null)
  const sorted = [...priced].sort((a, b) => (b.typicalCostUsd ?? 0) - (a.typicalCostUsd ?? 0))
  return sorted[0]?.id ?? null
}

/** What an operator knows of a zoo without any request: which of the models there at the start is the dearest on the whole. */
function dearestOnList({ prepared: { trace } }: RunSpec, world: World): ModelId | null {
  const total = (model: number): number =>
    trace.rows.reduce((sum, row) => sum + (row.costsUsd[model] ?? 0), 0)
  const [first] = world
    .availableAt(0)
    .map(model => ({ id: world.models[model] ?? null, usd: total(model) }))
    .sort((a, b) => b.usd - a.usd)
  return first?.id ?? null
}
