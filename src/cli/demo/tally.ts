import {
  bestFixed,
  cheapestFeasibleFixed,
  type FixedChoice,
} from '../../routing/evaluate/cheapest-feasible.ts'
import { mixtureCostAt, staticMixture } from '../../routing/evaluate/static-mixture.ts'
import type { ServedRequest } from '../../simulation/traffic.ts'
import type { World } from '../../simulation/world.ts'
import type { HistoryPoint } from './satisfaction-chart.ts'

/** Requests of the rolling figures. */
export const WINDOW = 200
/** Points of history that are kept: more than any terminal has columns. */
const HISTORY_POINTS = 2000
/** Answers before the rolling mean says anything. */
const FIRST_POINT = 40

/** One answered request with the floor that held when it was asked. */
export interface Answered {
  readonly served: ServedRequest
  readonly floor: number
}

/** One model's part of the run. */
export interface ModelFigures {
  readonly model: string
  /** Share of the answered requests that it answered. */
  readonly share: number
  /** Mean satisfaction of its own answers; `null` without any. */
  readonly satisfaction: number | null
  /** Mean cost of its own answers in USD; `null` without any. */
  readonly costUsd: number | null
}

/** What fixed models and their mixtures would have come to on the rows answered so far, with hindsight. */
export interface RunningReferences {
  readonly bestFixed: FixedChoice & { readonly model: string }
  readonly cheapestFeasible: (FixedChoice & { readonly model: string }) | null
  /** USD per request of the cheapest mixture that meets the floor; `null` where none does. */
  readonly mixtureAtFloorUsd: number | null
  /** USD per request of the cheapest mixture that is as good as the run. */
  readonly mixtureAtAchievedUsd: number
}

/** How a run stands. */
export interface Standing {
  readonly answered: number
  readonly failed: number
  readonly told: number
  /** Mean over everything answered, and over the last 200; `null` before the first answer. */
  readonly satisfaction: number | null
  readonly satisfactionRecent: number | null
  /** Mean floor of the answered requests; `null` before the first answer. */
  readonly meanFloor: number | null
  /** Everything that the providers charged for requests that have ended, per answered one; shadow calls included. */
  readonly costUsd: number | null
  /** The part of it that paid for answers which nobody got. */
  readonly shadowCostUsd: number | null
  readonly models: readonly ModelFigures[]
  readonly references: RunningReferences | null
  readonly history: readonly HistoryPoint[]
}

/** Counts a run as it happens. */
export interface Tally {
  serve(answered: Answered): void
  fail(row: number): void
  tell(): void
  /** What a provider charged for a call that answered a row's prompt. */
  bill(row: number, costUsd: number): void
  standing(): Standing
  /** Every answered request, in the order of the answers. */
  readonly answered: readonly Answered[]
}

interface ModelSums {
  readonly name: string
  answers: number
  satisfaction: number
  costUsd: number
}

/** Starts the count of a run of `total` requests over a world. */
export function createTally(world: World, total: number): Tally {
  const answered: Answered[] = []
  const history: HistoryPoint[] = []
  const perModel = new Map(
    world.models.map(({ id, name }) => [id, { name, answers: 0, satisfaction: 0, costUsd: 0 }]),
  )
  // What every model would have made of the answered rows: sums, divided when somebody asks.
  const hindsightSatisfaction = new Float64Array(world.models.length)
  const hindsightCostUsd = new Float64Array(world.models.length)
  const sums = { satisfaction: 0, recent: 0, excess: 0, servedUsd: 0, failed: 0, told: 0 }
  const bills = createBills()
  const keepEvery = Math.max(1, Math.ceil(total / HISTORY_POINTS))

  const countModel = ({ model, satisfaction, costUsd }: ServedRequest): void => {
    const sums = perModel.get(model)
    if (sums === undefined) throw new RangeError(`model ${model} is not of the world ${world.name}`)
    sums.answers++
    sums.satisfaction += satisfaction
    sums.costUsd += costUsd
  }
  const countHindsight = (row: number): void => {
    world.models.forEach(({ id }, column) => {
      const answer = world.answer(row, id)
      hindsightSatisfaction[column] = (hindsightSatisfaction[column] ?? 0) + answer.satisfaction
      hindsightCostUsd[column] = (hindsightCostUsd[column] ?? 0) + answer.costUsd
    })
  }
  const mean = (sum: number): number | null => (answered.length === 0 ? null : sum / answered.length)
  // Summed from the first floor up: the mean of equal floors is then exactly that floor.
  const firstFloor = (): number => answered[0]?.floor ?? 0
  const meanFloor = (): number | null =>
    answered.length === 0 ? null : firstFloor() + sums.excess / answered.length
  const recent = (): number | null =>
    answered.length === 0 ? null : sums.recent / Math.min(WINDOW, answered.length)

  return {
    answered,
    serve(next) {
      const { served, floor } = next
      countModel(served)
      countHindsight(served.row)
      answered.push(next)
      bills.settle(served.row)
      sums.satisfaction += served.satisfaction
      sums.excess += floor - firstFloor()
      sums.servedUsd += served.costUsd
      sums.recent += served.satisfaction
      if (answered.length > WINDOW) sums.recent -= answered.at(-1 - WINDOW)?.served.satisfaction ?? 0
      if (answered.length >= FIRST_POINT && answered.length % keepEvery === 0) {
        history.push({ answered: answered.length, satisfaction: recent() ?? 0, floor })
      }
    },
    fail(row) {
      sums.failed++
      bills.settle(row)
    },
    tell: () => void sums.told++,
    bill: bills.add,
    standing: () => ({
      answered: answered.length,
      failed: sums.failed,
      told: sums.told,
      satisfaction: mean(sums.satisfaction),
      satisfactionRecent: recent(),
      meanFloor: meanFloor(),
      costUsd: mean(bills.settledUsd),
      shadowCostUsd: mean(withoutDust(bills.settledUsd - sums.servedUsd, bills.settledUsd)),
      models: [...perModel.values()].map(figures => modelFigures(figures, answered.length)),
      references:
        answered.length === 0
          ? null
          : runningReferences(world, {
              satisfaction: hindsightSatisfaction.map(sum => sum / answered.length),
              costUsd: hindsightCostUsd.map(sum => sum / answered.length),
              floor: meanFloor() ?? 0,
              achieved: sums.satisfaction / answered.length,
            }),
      history,
    }),
  }
}

/** Sums in another order differ by rounding: a difference of less than a billionth of the bill is none. */
function withoutDust(differenceUsd: number, totalUsd: number): number {
  return differenceUsd < 1e-9 * totalUsd ? 0 : differenceUsd
}

/** What providers charged, counted once the request that caused it has ended. */
interface Bills {
  readonly settledUsd: number
  add(row: number, costUsd: number): void
  /** The row's request has ended: what was charged for it counts, and what will be (a shadow may answer later). */
  settle(row: number): void
}

function createBills(): Bills {
  const open = new Map<number, number>()
  const settled = new Set<number>()
  let settledUsd = 0
  return {
    get settledUsd() {
      return settledUsd
    },
    add(row, costUsd) {
      if (settled.has(row)) settledUsd += costUsd
      else open.set(row, (open.get(row) ?? 0) + costUsd)
    },
    settle(row) {
      settled.add(row)
      settledUsd += open.get(row) ?? 0
      open.delete(row)
    },
  }
}

function modelFigures({ name, answers, satisfaction, costUsd }: ModelSums, total: number): ModelFigures {
  return {
    model: name,
    share: total === 0 ? 0 : answers / total,
    satisfaction: answers === 0 ? null : satisfaction / answers,
    costUsd: answers === 0 ? null : costUsd / answers,
  }
}

interface Hindsight {
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
  readonly floor: number
  readonly achieved: number
}

function runningReferences(
  world: World,
  { satisfaction, costUsd, floor, achieved }: Hindsight,
): RunningReferences {
  const named = (choice: FixedChoice): FixedChoice & { readonly model: string } => ({
    ...choice,
    model: world.models[choice.index]?.name ?? '',
  })
  const feasible = cheapestFeasibleFixed(satisfaction, costUsd, floor)
  return {
    bestFixed: named(bestFixed(satisfaction, costUsd)),
    cheapestFeasible: feasible === null ? null : named(feasible),
    mixtureAtFloorUsd: staticMixture(satisfaction, costUsd, floor)?.costUsd ?? null,
    mixtureAtAchievedUsd: mixtureCostAt(satisfaction, costUsd, achieved),
  }
}
