import { phaseReferences, type References, streamReferences } from '../../lab/references.ts'
import { windowShortfall } from '../../lab/rolling-windows.ts'
import type { PhaseFigures } from '../../lab/summarise.ts'
import type { World as HindsightWorld } from '../../lab/world.ts'
import type { World } from '../../simulation/world.ts'
import { satisfactionOf } from './class-watch.ts'
import type { DemoOptions } from './demo-command.ts'
import type { DemoOutcome } from './run-demo.ts'
import { type Answered, WINDOW } from './tally.ts'

/** Quantiles of what the gateway added to a request. */
export interface Overhead {
  readonly p50: number
  readonly p99: number
}

/** What a demo came to: the fields of a replay and those of a server. Money is USD per request. */
export interface DemoReport {
  readonly trace: string
  readonly policy: string
  /** Mean floor of the answered requests: the one asked for, unless it was changed on the way. */
  readonly floor: number
  readonly seed: number
  readonly feedback: string
  readonly audit: number
  readonly delay: number
  readonly warmStart: number
  readonly requests: number
  readonly failed: number
  readonly satisfaction: number
  readonly costUsd: number
  readonly shadowCostUsd: number
  readonly exploration: number
  readonly auditRate: number
  readonly share: Readonly<Record<string, number>>
  readonly shortfall200: number | null
  readonly violations200: number | null
  readonly overshoot: number
  /** The one phase of a stream in which nothing drifts. */
  readonly phases: readonly PhaseFigures[]
  readonly certificate: {
    readonly state: string
    readonly lower: number | null
    readonly upper: number | null
    readonly delta: number
    readonly labels: number
  } | null
  readonly infeasible: {
    readonly at: number
    readonly bindingConstraint: string
    readonly reachable: number
  } | null
  readonly alarms: readonly { readonly at: number; readonly kind: string }[]
  readonly seconds: number
  readonly requestsPerSecond: number
  /** `null` where the gateway did not say. */
  readonly overheadMs: Overhead | null
  readonly references: References
}

/** The value below which a share of the sorted numbers lies; nearest rank. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

function overheadOf(answered: readonly Answered[]): Overhead | null {
  const told = answered.flatMap(({ served }) => served.overheadMs ?? []).sort((a, b) => a - b)
  return told.length === 0 ? null : { p50: quantile(told, 0.5), p99: quantile(told, 0.99) }
}

/** The answered rows, in the order of the answers, as the lab looks at a stream. */
function inHindsight(world: World, answered: readonly Answered[]): HindsightWorld {
  const everyModel = world.models.map((_, model) => model)
  const rowAt = (position: number): number => answered[position]?.served.row ?? -1
  const answerAt = (position: number, model: number) => {
    const id = world.models[model]?.id
    if (id === undefined) throw new RangeError(`no model at position ${model}`)
    return world.answer(rowAt(position), id)
  }
  return {
    models: world.models.map(model => model.id),
    length: answered.length,
    rowAt,
    satisfaction: (position, model) => answerAt(position, model).satisfaction,
    costUsd: (position, model) => answerAt(position, model).costUsd,
    availableAt: () => everyModel,
    changes: [],
    enter: () => {},
  }
}

function renamed(references: References, world: World): References {
  const nameOf = (id: string): string => world.models.find(model => model.id === id)?.name ?? id
  const { bestFixed, cheapestFeasibleFixed: feasible } = references
  return {
    ...references,
    bestFixed: { ...bestFixed, model: nameOf(bestFixed.model) },
    cheapestFeasibleFixed: feasible === null ? null : { ...feasible, model: nameOf(feasible.model) },
  }
}

/** Sums a demo up; `null` when nothing was answered. */
export function reportDemo(options: DemoOptions, world: World, outcome: DemoOutcome): DemoReport | null {
  const { tally, reading, elapsedMs } = outcome
  const { answered } = tally
  const standing = tally.standing()
  const { satisfaction, meanFloor, costUsd, shadowCostUsd } = standing
  if (satisfaction === null || meanFloor === null || costUsd === null || shadowCostUsd === null) return null
  const floors = Float64Array.from(answered, request => request.floor)
  const labels = Float64Array.from(answered, request => request.served.satisfaction)
  const windows = windowShortfall(labels, floors, WINDOW)
  const constraint = satisfactionOf(reading)
  const infeasible = reading?.infeasible ?? null
  const seconds = elapsedMs / 1000
  const phase = { from: 0, to: answered.length, floor: meanFloor, achieved: satisfaction }
  return {
    trace: world.name,
    policy: options.policy,
    floor: meanFloor,
    seed: options.seed,
    feedback: options.feedback.name,
    audit: options.auditBudget,
    delay: 0,
    warmStart: 0,
    requests: answered.length,
    failed: standing.failed,
    satisfaction,
    costUsd,
    shadowCostUsd,
    exploration: answered.filter(({ served }) => served.explored).length / answered.length,
    auditRate: outcome.audited / answered.length,
    share: Object.fromEntries(standing.models.map(({ model, share }) => [model, share])),
    shortfall200: windows?.shortfall ?? null,
    violations200: windows?.violations ?? null,
    overshoot: Math.max(0, satisfaction - meanFloor),
    phases: [{ from: 0, to: answered.length, satisfaction, costUsd }],
    certificate: constraint === undefined ? null : certificateOf(constraint),
    infeasible:
      infeasible === null
        ? null
        : {
            at: infeasible.atDecision,
            bindingConstraint: infeasible.bindingConstraint,
            reachable: infeasible.reachable,
          },
    alarms: (reading?.alarms ?? []).map(({ atDecision, kind }) => ({ at: atDecision, kind })),
    seconds,
    requestsPerSecond: answered.length / seconds,
    overheadMs: overheadOf(answered),
    references: renamed(streamReferences([phaseReferences(inHindsight(world, answered), phase)]), world),
  }
}

type Constraint = NonNullable<ReturnType<typeof satisfactionOf>>

function certificateOf({ state, lower, upper, delta, labels }: Constraint): DemoReport['certificate'] {
  return { state, lower, upper, delta, labels }
}
