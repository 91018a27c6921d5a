import type { ClassReading } from '../routing/certify/class-certificate.ts'
import type { ClassReport, PromiseReport } from '../routing/policy.ts'
import { type FloorSchedule, floorBinEdges } from './floor-schedule.ts'
import { type PhaseReferences, phaseReferences, type References, streamReferences } from './references.ts'
import type { ReplayStep } from './replay.ts'
import { windowShortfall } from './rolling-windows.ts'
import type { World } from './world.ts'

/** A part of the stream: positions from `from` up to, not including, `to`. */
export interface PhaseFigures {
  readonly from: number
  readonly to: number
  readonly satisfaction: number
  readonly costUsd: number
}

/** The requests whose floors lie in one bin; `floor` is the bin's middle. */
export interface FloorBin {
  readonly floor: number
  readonly requests: number
  readonly satisfaction: number
  readonly meanFloor: number
  readonly costUsd: number
}

/** What a run came to. Money is USD per request, means and shares are in [0, 1]. */
export interface RunFigures {
  /** Mean floor of the requests. */
  readonly floor: number
  readonly requests: number
  readonly satisfaction: number
  /** Everything that the policy caused, shadow calls included. */
  readonly costUsd: number
  readonly shadowCostUsd: number
  /** Share of the decisions made to learn. */
  readonly exploration: number
  readonly auditRate: number
  readonly share: Readonly<Record<string, number>>
  /** Of all windows of 200 requests; `null` for shorter streams. */
  readonly shortfall200: number | null
  readonly violations200: number | null
  readonly overshoot: number
  readonly phases: readonly PhaseFigures[]
  readonly floorBins?: readonly FloorBin[]
  readonly certificate: ClassReading
  readonly infeasible: {
    readonly at: number
    readonly bindingConstraint: string
    readonly reachable: number
  } | null
  /** What the promise took at the end; absent from policies that know no promise but the mean. */
  readonly promise?: PromiseReport
  readonly alarms: readonly { readonly at: number; readonly kind: string }[]
  readonly references: References & { readonly phases?: readonly PhaseReferences[] }
}

/** A run that has ended. */
export interface FinishedRun {
  readonly steps: readonly ReplayStep[]
  readonly world: World
  readonly floors: FloorSchedule
  /** What the policy said of the class at the end; `null` from a reference. */
  readonly report: ClassReport | null
}

/** Window of the rolling figures, in requests. */
const windowWidth = 200
/** How long after a change the stream counts as recovering, in requests. */
const recovery = 500

/** Computes the figures of a run, references with hindsight on the same rows included. */
export function summarise(run: FinishedRun): RunFigures {
  const { steps, world } = run
  if (steps.length === 0) throw new RangeError('a run needs at least one step')
  const satisfaction = Float64Array.from(steps, step => step.satisfaction)
  const floors = Float64Array.from(steps, step => step.record.context.floor)
  const achieved = mean(steps, step => step.satisfaction)
  const floor =
    run.floors.kind === 'constant' ? run.floors.floor : mean(steps, step => step.record.context.floor)
  const windows = windowShortfall(satisfaction, floors, windowWidth)
  const bins = floorBins(run)
  return {
    floor,
    requests: steps.length,
    satisfaction: achieved,
    costUsd: mean(steps, step => step.costUsd),
    shadowCostUsd: mean(steps, step => step.shadowCostUsd),
    exploration: mean(steps, step => (step.record.decision.mode === 'explore' ? 1 : 0)),
    auditRate: mean(steps, step => (step.audit.value === null ? 0 : 1)),
    share: shares(run),
    shortfall200: windows?.shortfall ?? null,
    violations200: windows?.violations ?? null,
    overshoot: Math.max(0, achieved - floor),
    phases: phaseFigures(steps, world.changes),
    ...(bins.length === 0 ? {} : { floorBins: bins }),
    certificate: steps[steps.length - 1]?.certificate ?? failWithoutSteps(),
    ...reported(run.report, certificateAlarms(steps)),
    references: referencesOf(run, floor),
  }
}

function reported(
  report: ClassReport | null,
  certified: RunFigures['alarms'],
): Pick<RunFigures, 'infeasible' | 'promise' | 'alarms'> {
  const infeasible = report?.infeasible ?? null
  return {
    infeasible: infeasible && {
      at: infeasible.atDecision,
      bindingConstraint: infeasible.bindingConstraint,
      reachable: infeasible.reachable,
    },
    ...(report?.promise === undefined ? {} : { promise: report.promise }),
    alarms: [
      ...(report?.alarms ?? []).map(alarm => ({ at: alarm.atDecision, kind: alarm.kind })),
      ...certified,
    ].sort((a, b) => a.at - b.at),
  }
}

/** The decisions whose labels raised the alarms of the certificate. */
function certificateAlarms(steps: readonly ReplayStep[]): RunFigures['alarms'] {
  const raised = steps.find(({ certificate }) => certificate.alarm !== null)
  const falls = steps.filter(
    ({ certificate }, i) =>
      (certificate.fall?.atDecision ?? 0) > (steps[i - 1]?.certificate.fall?.atDecision ?? 0),
  )
  return [
    ...(raised === undefined ? [] : [{ at: raised.position + 1, kind: 'breach' }]),
    ...falls.map(({ position }) => ({ at: position + 1, kind: 'fall' })),
  ]
}

function shares(run: FinishedRun): Readonly<Record<string, number>> {
  return Object.fromEntries(
    run.world.models.map(model => [
      model,
      mean(run.steps, step => (step.record.decision.chosen === model ? 1 : 0)),
    ]),
  )
}

/** The stream cut at every change and where the recovery after it ends. */
function phaseFigures(steps: readonly ReplayStep[], changes: readonly number[]): readonly PhaseFigures[] {
  const cuts = changes.flatMap(position => [position, position + recovery])
  return intervals(cuts, steps.length).map(([from, to]) => {
    const part = steps.slice(from, to)
    return {
      from,
      to,
      satisfaction: mean(part, step => step.satisfaction),
      costUsd: mean(part, step => step.costUsd),
    }
  })
}

function intervals(
  cuts: readonly number[],
  length: number,
): readonly (readonly [from: number, to: number])[] {
  const inside = [...new Set(cuts)].filter(cut => cut > 0 && cut < length).sort((a, b) => a - b)
  const starts = [0, ...inside]
  return starts.map((from, i) => [from, starts[i + 1] ?? length])
}

function floorBins(run: FinishedRun): readonly FloorBin[] {
  const edges = floorBinEdges(run.floors)
  return edges.slice(1).flatMap((high, i) => {
    const low = edges[i] ?? high
    const last = i === edges.length - 2
    const part = run.steps.filter(({ record: { context } }) => {
      const above = i === 0 || context.floor >= low
      return above && (last || context.floor < high)
    })
    if (part.length === 0) return []
    return [
      {
        floor: (low + high) / 2,
        requests: part.length,
        satisfaction: mean(part, step => step.satisfaction),
        meanFloor: mean(part, step => step.record.context.floor),
        costUsd: mean(part, step => step.costUsd),
      },
    ]
  })
}

function referencesOf(run: FinishedRun, floor: number): RunFigures['references'] {
  const { steps, world } = run
  const phases = intervals(world.changes, steps.length).map(([from, to]) => {
    const part = steps.slice(from, to)
    const phaseFloor = run.floors.kind === 'constant' ? floor : mean(part, step => step.record.context.floor)
    return phaseReferences(world, {
      from,
      to,
      floor: phaseFloor,
      achieved: mean(part, step => step.satisfaction),
    })
  })
  const whole = streamReferences(phases)
  return phases.length === 1 ? whole : { ...whole, phases }
}

function mean(steps: readonly ReplayStep[], value: (step: ReplayStep) => number): number {
  return steps.reduce((sum, step) => sum + value(step), 0) / steps.length
}

function failWithoutSteps(): never {
  throw new RangeError('a run needs at least one step')
}
