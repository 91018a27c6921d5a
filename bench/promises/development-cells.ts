import type { Bar, Cell, PromiseTable, Scenario } from './cell.ts'
import { developmentWorlds } from './development-worlds.ts'

/** Floors between the cheapest model and the best one: low, middle and high. */
const FLOORS: readonly (readonly [set: string, floors: readonly string[]])[] = [
  ['gsm8k-pair', ['0.70', '0.76', '0.82']],
  ['gsm8k-zoo', ['0.72', '0.77', '0.82']],
  ['openzoo-mix', ['0.54', '0.57']],
  ['synthetic-ruinous', ['0.68', '0.79', '0.83']],
  ['synthetic-crowded', ['0.75', '0.82', '0.87']],
  ['synthetic-level', ['0.70', '0.745', '0.785']],
]

const MIDDLE = FLOORS.filter(([set]) => set !== 'gsm8k-pair' && set !== 'openzoo-mix').map(
  ([set, floors]) => [set, [floors[1] ?? '']] as const,
)

const d = (must: number, aim: number, statistic: Bar['statistic'] = 'mean'): Bar => ({
  measure: 'd',
  statistic,
  side: 'at least',
  must,
  aim,
})
const never: Bar = { measure: 'said', statistic: 'count', side: 'at most', must: 0, aim: 0 }

function cells(
  floors: readonly (readonly [set: string, floors: readonly string[]])[],
  bars: readonly Bar[],
): readonly Cell[] {
  return floors.flatMap(([set, list]) => list.map(floor => ({ set, floor, bars })))
}

const plain = { warm: 0, feedback: 'chosen', audit: 0, delay: 0 }
const warm = { ...plain, warm: 0.3 }
const oneSided = { ...warm, feedback: 'one-sided:0.1', audit: 0.05 }
const usual: Scenario['columns'] = [
  ['d', 'mean'],
  ['d', 'least'],
  ['d', 'sd'],
  ['ratio', 'mean'],
  ['ratio', 'most'],
  ['said', 'count'],
]
const after: Scenario['columns'] = [
  ['postD', 'mean'],
  ['postD', 'least'],
  ['postRatio', 'mean'],
  ['back', 'mean'],
  ['alarms', 'count'],
  ['said', 'count'],
]

const changes: readonly Scenario[] = ['quality*0.7', 'cost*10', 'gone'].flatMap(change =>
  [plain, warm].map(
    (base): Scenario => ({
      ...base,
      name: `change-${change.split('*')[0]}-${base.warm > 0 ? 'warm' : 'cold'}`,
      title: `Half way ${change}, ${base.warm > 0 ? 'trained' : 'cold'}`,
      drift: Object.fromEntries(MIDDLE.map(([set]) => [set, `@cheapest-used@0.5:${change}`])),
      columns: after,
      cells: cells(MIDDLE, [
        { measure: 'postD', statistic: 'mean', side: 'at least', must: -0.01, aim: -0.005 },
        { measure: 'back', statistic: 'mean', side: 'at most', must: 350, aim: 260 },
        never,
      ]),
    }),
  ),
)

/** Cells that may be looked at while a policy is developed. */
export const developmentCells: PromiseTable = {
  sets: [
    { name: 'gsm8k-pair', satisfiedAt: null },
    { name: 'gsm8k-zoo', satisfiedAt: null },
    { name: 'openzoo-mix', satisfiedAt: null },
    ...Object.keys(developmentWorlds).map(name => ({ name, satisfiedAt: null })),
  ],
  scenarios: [
    {
      ...plain,
      name: 'cold',
      title: 'Cold start, chosen label',
      columns: usual,
      cells: cells(FLOORS, [d(-0.008, -0.005), never]),
    },
    {
      ...warm,
      name: 'warm',
      title: 'Trained on 30%, chosen label',
      columns: usual,
      cells: cells(FLOORS, [d(-0.006, -0.003), never]),
    },
    ...[0.05, 0.2, 0.5].map(
      (audit): Scenario => ({
        ...oneSided,
        audit,
        name: `one-sided-audit-${audit}`,
        title: `Complaints of one in ten, audits of ${100 * audit}%, trained on 30%`,
        columns: usual,
        cells: cells(FLOORS, [d(-0.012, -0.008), d(-0.07, -0.04, 'least'), never]),
      }),
    ),
    ...changes,
    {
      ...warm,
      name: 'infeasible',
      title: 'A floor out of reach, trained on 30%, chosen label',
      columns: [
        ['said', 'mean'],
        ['said', 'most'],
        ['reachableError', 'mean'],
        ['d', 'mean'],
      ],
      cells: cells(
        [
          ['synthetic-ruinous', ['0.93']],
          ['synthetic-crowded', ['0.97']],
          ['synthetic-level', ['0.87']],
        ],
        [
          { measure: 'said', statistic: 'mean', side: 'at most', must: 1400, aim: 900 },
          { measure: 'reachableError', statistic: 'mean', side: 'at most', must: 0.015, aim: 0.01 },
        ],
      ),
    },
    {
      ...warm,
      name: 'per-request',
      title: 'Every request brings its own floor; trained on 30%, chosen label',
      columns: [
        ['d', 'mean'],
        ['d', 'leastBin'],
        ['d', 'mostBin'],
        ['ratio', 'mean'],
      ],
      cells: cells(
        [
          ['gsm8k-zoo', ['uniform:0.70:0.82']],
          ['synthetic-ruinous', ['uniform:0.66:0.83']],
          ['synthetic-crowded', ['uniform:0.72:0.88']],
          ['synthetic-level', ['uniform:0.69:0.79']],
        ],
        [d(-0.018, -0.011, 'leastBin')],
      ),
    },
  ],
}
