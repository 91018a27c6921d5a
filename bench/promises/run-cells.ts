import { parseDrift } from '../../src/lab/drift.ts'
import { type ChannelSpec, parseChannel } from '../../src/lab/feedback-channel.ts'
import { parseFloors } from '../../src/lab/floor-schedule.ts'
import type { PreparedTrace } from '../../src/lab/prepare-trace.ts'
import type { ReplayStep } from '../../src/lab/replay.ts'
import { type RunSpec, startReplay, warmRows } from '../../src/lab/run-replay.ts'
import type { RunFigures } from '../../src/lab/summarise.ts'
import type { ModelId } from '../../src/routing/model.ts'
import { createPolicy } from '../../src/routing/policies/registry.ts'
import { allParameters, type TrainedPolicy } from '../../src/routing/policies/trained-policy.ts'
import { evidenceOf } from '../../src/routing/predict/evidence.ts'
import { type Measure, type Outcome, parsePolicy, type Scenario } from './cell.ts'

/** All runs of one set, seed and policy: they can share their training. */
export interface CellJob {
  readonly set: string
  readonly seed: number
  readonly policy: string
  readonly scenarios: readonly Scenario[]
}

/** Window after a change in which the floor must be met again, in requests. */
const WINDOW = 200

/** Runs every cell of a job; hears after each. */
export function runCells(job: CellJob, prepared: PreparedTrace, onOutcome: (outcome: Outcome) => void): void {
  const trained = new Map<string, TrainedPolicy>()
  for (const scenario of job.scenarios) {
    for (const { floor } of scenario.cells.filter(cell => cell.set === job.set)) {
      const spec = specOf(job, { scenario, floor, prepared })
      const running = startReplay(scenario.warm > 0 ? withTraining(spec, trained) : spec)
      const steps = [...running.steps]
      const { set, seed, policy } = job
      onOutcome({
        set,
        scenario: scenario.name,
        policy,
        floor,
        seed,
        ...read(running.figures(), steps, spec),
      })
    }
  }
}

interface CellRun {
  readonly scenario: Scenario
  readonly floor: string
  readonly prepared: PreparedTrace
}

function specOf({ seed, policy, set }: CellJob, { scenario, floor, prepared }: CellRun): RunSpec {
  const { models } = prepared.trace
  const [floors] = parseFloors(floor)
  if (floors === undefined) throw new RangeError(`floor '${floor}' names none`)
  const { name, parameters } = parsePolicy(policy)
  const drift = scenario.drift?.[set]
  return {
    prepared,
    policy: name,
    parameters,
    floors,
    seed,
    channel: channelOf(scenario.feedback, models),
    audits: { budget: scenario.audit, judge: null, humanShare: 0 },
    delay: scenario.delay,
    warmStart: scenario.warm > 0 ? { kind: 'share', share: scenario.warm } : { kind: 'none' },
    proven: null,
    drifts: drift === undefined ? [] : [parseDrift(drift, models)],
    limit: null,
    delta: 0.05,
  }
}

function channelOf(feedback: string, models: readonly ModelId[]): ChannelSpec {
  const [kind, low = '0', high = '0'] = feedback.split(':')
  if (kind !== 'one-sided-spread') return parseChannel(feedback, models)
  const step = (Number(high) - Number(low)) / Math.max(1, models.length - 1)
  return parseChannel(`one-sided-by-model:${models.map((_, m) => Number(low) + step * m).join(',')}`, models)
}

/** The same run from a training that the runs of a job share. */
function withTraining(spec: RunSpec, trained: Map<string, TrainedPolicy>): RunSpec {
  if (spec.warmStart.kind !== 'share') return spec
  const training = warmRows(spec)
  if (training === null) return spec
  const key = training.models.map(({ id }) => id).join(' ')
  const known = trained.get(key) ?? train(spec, training)
  trained.set(key, known)
  return { ...spec, warmStart: { ...spec.warmStart, trained: known } }
}

function train(
  { policy, parameters, prepared }: RunSpec,
  training: NonNullable<ReturnType<typeof warmRows>>,
): TrainedPolicy {
  const snapshot = createPolicy(policy, { parameters, training, snapshot: null, auditBudget: 0 }).snapshot()
  return {
    policy,
    parameters: allParameters(policy, parameters),
    encoder: prepared.encoder,
    evidence: evidenceOf(training.features.length),
    models: training.models,
    snapshot,
  }
}

function read(
  figures: RunFigures,
  steps: readonly ReplayStep[],
  spec: RunSpec,
): Pick<Outcome, 'figures' | 'bins'> {
  const { references, certificate, infeasible } = figures
  const d = figures.satisfaction - figures.floor
  const compliant = certificate.state === 'compliant'
  return {
    figures: {
      d,
      ratio: figures.costUsd / (references.staticMixtureAtAchieved?.costUsd ?? Number.NaN),
      said: infeasible?.at ?? null,
      reachableError: infeasible && Math.abs(infeasible.reachable - references.bestFixed.satisfaction),
      width: figures.floor - certificate.lower,
      compliant: Number(compliant),
      falselyCompliant: Number(compliant && d < 0),
      audited: figures.auditRate,
      ...afterChange(figures, steps, spec),
    },
    bins: (figures.floorBins ?? []).map(bin => bin.satisfaction - bin.meanFloor),
  }
}

function afterChange(
  figures: RunFigures,
  steps: readonly ReplayStep[],
  { drifts }: RunSpec,
): Partial<Record<Measure, number | null>> {
  const phase = figures.references.phases?.at(-1)
  const alarms = figures.alarms.filter(({ at }) => at > (phase?.from ?? 0)).length
  if (drifts.length === 0 || phase === undefined) return { alarms: Math.min(1, alarms) }
  const after = steps.slice(phase.from)
  const satisfaction = mean(after, step => step.satisfaction)
  const costUsd = mean(after, step => step.costUsd)
  return {
    alarms: Math.min(1, alarms),
    postD: satisfaction - figures.floor,
    postRatio: costUsd / (phase.staticMixtureAtAchieved?.costUsd ?? Number.NaN),
    back: recoveredAfter(after, figures.floor),
  }
}

/** Requests until the last 200 are not below the floor by more than a standard error of so many; all of them if never. */
function recoveredAfter(after: readonly ReplayStep[], floor: number): number {
  const least = floor - Math.sqrt((floor * (1 - floor)) / WINDOW)
  let satisfied = 0
  for (let i = 0; i < after.length; i++) {
    satisfied += (after[i]?.satisfaction ?? 0) - (after[i - WINDOW]?.satisfaction ?? 0)
    if (i >= WINDOW - 1 && satisfied / WINDOW >= least) return i + 1
  }
  return after.length
}

function mean(steps: readonly ReplayStep[], value: (step: ReplayStep) => number): number {
  return steps.reduce((sum, step) => sum + value(step), 0) / steps.length
}
