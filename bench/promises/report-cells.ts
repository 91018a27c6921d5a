import type { Bar, Cell, PromiseTable, Scenario } from './cell.ts'

const RB = 'routerbench-3task'
const MMLU = 'openzoo-mmlu'
const PARETO = 'pareto-k4'

const FLOORS: readonly (readonly [set: string, floors: readonly string[]])[] = [
  [RB, ['0.731', '0.805', '0.849']],
  [MMLU, ['0.717', '0.758', '0.782']],
  [PARETO, ['0.6', '0.7', '0.75']],
]

/** The middle floor of each set: where changes are studied. */
const MIDDLE: readonly (readonly [set: string, floors: readonly string[]])[] = [
  [RB, ['0.805']],
  [MMLU, ['0.758']],
  [PARETO, ['0.7']],
]

type Limits = readonly [must: number | null, aim: number | null]

const atLeast = (
  measure: Bar['measure'],
  [must, aim]: Limits,
  statistic: Bar['statistic'] = 'mean',
): Bar => ({
  measure,
  statistic,
  side: 'at least',
  must,
  aim,
})
const atMost = (measure: Bar['measure'], [must, aim]: Limits, statistic: Bar['statistic'] = 'mean'): Bar => ({
  measure,
  statistic,
  side: 'at most',
  must,
  aim,
})

/** Never said of a floor that can be met, and never compliant below it. */
const honest: readonly Bar[] = [atMost('said', [0, 0], 'count'), atMost('falselyCompliant', [0, 0], 'count')]

function cells(
  floors: readonly (readonly [set: string, floors: readonly string[]])[],
  bars: (set: string, floor: string) => readonly Bar[],
): readonly Cell[] {
  return floors.flatMap(([set, list]) => list.map(floor => ({ set, floor, bars: bars(set, floor) })))
}

const COLD_RATIOS: Readonly<Record<string, Limits>> = {
  [`${RB} 0.805`]: [0.95, 0.8],
  [`${RB} 0.849`]: [1, 0.9],
  [`${MMLU} 0.758`]: [0.88, 0.8],
  [`${MMLU} 0.782`]: [0.97, 0.9],
  [`${PARETO} 0.7`]: [null, 1.3],
  [`${PARETO} 0.75`]: [null, 1.8],
}

const WARM_RATIOS: Readonly<Record<string, Limits>> = {
  [`${RB} 0.805`]: [0.45, 0.35],
  [`${RB} 0.849`]: [0.75, 0.69],
  [`${MMLU} 0.758`]: [0.8, 0.74],
  [`${MMLU} 0.782`]: [0.92, 0.87],
  [`${PARETO} 0.7`]: [0.92, 0.82],
  [`${PARETO} 0.75`]: [1.1, 0.84],
}

/** Requests: 2,760, 4,383 and 1,766 in a cold start. */
const WIDTHS: Readonly<Record<string, Limits>> = {
  [RB]: [0.05, 0.05],
  [MMLU]: [0.05, 0.05],
  [PARETO]: [0.06, 0.06],
}

const plain = { warm: 0, feedback: 'chosen', audit: 0, delay: 0 }
const warm = { ...plain, warm: 0.3 }
const oneSided = { ...warm, feedback: 'one-sided:0.1', audit: 0.05 }

const usual: Scenario['columns'] = [
  ['d', 'mean'],
  ['d', 'least'],
  ['ratio', 'mean'],
  ['ratio', 'most'],
  ['said', 'count'],
  ['falselyCompliant', 'count'],
]

const oneSidedColumns: Scenario['columns'] = [
  ...usual,
  ['d', 'sd'],
  ['audited', 'mean'],
  ['compliant', 'count'],
]

const oneSidedCells = cells(FLOORS, (set, floor) => [
  atLeast('d', [-0.012, -0.008]),
  atLeast('d', [-0.07, -0.04], 'least'),
  ...(set === PARETO && floor === '0.75' ? [] : [atMost('ratio', [1.02, null])]),
  ...honest,
])

const changeColumns: Scenario['columns'] = [
  ['postD', 'mean'],
  ['postD', 'least'],
  ['postRatio', 'mean'],
  ['back', 'mean'],
  ['back', 'most'],
  ['alarms', 'count'],
  ['said', 'count'],
]

const changeCells = cells(MIDDLE, () => [
  atLeast('postD', [-0.01, -0.005]),
  atMost('back', [350, 260]),
  ...honest,
])

/** The cheap model that carries most of the traffic at the middle floor; the one that is missing at first. */
const WORKHORSES: Readonly<Record<string, string>> = {
  [RB]: 'mistralai/mixtral-8x7b-chat',
  [MMLU]: 'cognitivecomputations/dolphin-2.9-llama3-8b',
  [PARETO]: 'mistralai/mistral-large-2512',
}

const CHANGES: readonly (readonly [name: string, title: string, drift: string])[] = [
  ['quality', 'the cheapest model in use keeps 70% of its quality', '@cheapest-used@0.5:quality*0.7'],
  ['dearer', 'the cheapest model in use costs ten times as much', '@cheapest-used@0.5:cost*10'],
  ['gone', 'the cheapest model in use is gone', '@cheapest-used@0.5:gone'],
  ['new', 'the best cheap model appears only then', 'new'],
]

const changes: readonly Scenario[] = CHANGES.flatMap(([name, title, drift]) =>
  [plain, warm].map(
    (base): Scenario => ({
      ...base,
      name: `change-${name}-${base.warm > 0 ? 'warm' : 'cold'}`,
      title: `Half way, ${title}; ${base.warm > 0 ? 'trained on 30%' : 'cold start'}, chosen label`,
      drift: Object.fromEntries(
        MIDDLE.map(([set]) => [set, drift === 'new' ? `${WORKHORSES[set]}@0.5:new` : drift]),
      ),
      columns: changeColumns,
      cells: changeCells,
    }),
  ),
)

const RANGES: readonly (readonly [set: string, floors: readonly string[]])[] = [
  [RB, ['uniform:0.70:0.86']],
  [MMLU, ['uniform:0.66:0.78']],
  [PARETO, ['uniform:0.58:0.76']],
]

const MOVING: readonly (readonly [set: string, floors: readonly string[]])[] = [
  [RB, ['step:0.731:0.849@0.5', 'drift:0.731:0.849', 'cycle:0.731:0.849:2']],
  [MMLU, ['step:0.717:0.782@0.5', 'drift:0.717:0.782', 'cycle:0.717:0.782:2']],
  [PARETO, ['step:0.6:0.75@0.5', 'drift:0.6:0.75', 'cycle:0.6:0.75:2']],
]

const binColumns: Scenario['columns'] = [
  ['d', 'mean'],
  ['d', 'least'],
  ['d', 'leastBin'],
  ['d', 'mostBin'],
  ['ratio', 'mean'],
]

/** What is promised of recorded traces, with the limits that must and should be kept. */
export const reportCells: PromiseTable = {
  sets: [
    { name: RB, satisfiedAt: null },
    { name: MMLU, satisfiedAt: null },
    { name: PARETO, satisfiedAt: 0.9 },
  ],
  scenarios: [
    {
      ...plain,
      name: 'cold',
      title: 'Cold start, the label of the chosen answer',
      columns: [...usual, ['width', 'mean']],
      cells: cells(FLOORS, (set, floor) => [
        atLeast('d', [-0.008, -0.005]),
        atMost('ratio', COLD_RATIOS[`${set} ${floor}`] ?? [null, null]),
        atMost('width', WIDTHS[set] ?? [null, null]),
        ...honest,
      ]),
    },
    {
      ...warm,
      name: 'warm',
      title: 'Trained on 30% of the rows, then the label of the chosen answer',
      columns: usual,
      cells: cells(FLOORS, (set, floor) => [
        atLeast('d', [-0.006, -0.003]),
        atMost('ratio', WARM_RATIOS[`${set} ${floor}`] ?? [null, null]),
        ...honest,
      ]),
    },
    {
      ...oneSided,
      name: 'one-sided',
      title: 'Complaints of one in ten, audits of 5%, trained on 30%',
      columns: oneSidedColumns,
      cells: oneSidedCells,
    },
    {
      ...oneSided,
      feedback: 'one-sided-spread:0.05:0.5',
      name: 'one-sided-by-model',
      title: 'The same, complaint rates from .05 to .5 by model',
      columns: oneSidedColumns,
      cells: oneSidedCells,
    },
    {
      ...oneSided,
      delay: 200,
      name: 'one-sided-delay',
      title: 'Complaints of one in ten, audits of 5%, all 200 requests late',
      columns: oneSidedColumns,
      cells: oneSidedCells,
    },
    ...[0.2, 0.5].map(
      (audit): Scenario => ({
        ...oneSided,
        audit,
        name: `one-sided-audit-${audit}`,
        title: `Complaints of one in ten, audits of ${100 * audit}%`,
        columns: oneSidedColumns,
        cells: oneSidedCells,
      }),
    ),
    {
      ...oneSided,
      audit: 0,
      name: 'one-sided-unaudited',
      title: 'Complaints of one in ten, no audits',
      columns: oneSidedColumns,
      cells: cells(FLOORS, (set, floor) => [
        ...(oneSidedCells.find(cell => cell.set === set && cell.floor === floor)?.bars ?? []),
        atMost('compliant', [0, 0], 'count'),
      ]),
    },
    {
      ...oneSided,
      audit: 0,
      name: 'one-sided-unaudited-change',
      title:
        'Complaints of one in ten, no audits; half way the cheapest model in use keeps 70% of its quality',
      drift: Object.fromEntries(MIDDLE.map(([set]) => [set, '@cheapest-used@0.5:quality*0.7'])),
      columns: [...changeColumns, ['compliant', 'count']],
      cells: cells(MIDDLE, () => [atMost('compliant', [0, 0], 'count'), ...honest]),
    },
    ...changes,
    {
      ...warm,
      name: 'infeasible',
      title: 'A floor out of reach, trained on 30%, chosen label',
      columns: [
        ['said', 'mean'],
        ['said', 'most'],
        ['reachableError', 'mean'],
        ['reachableError', 'most'],
        ['d', 'mean'],
      ],
      cells: cells(
        [
          [RB, ['0.93']],
          [MMLU, ['0.87']],
          [PARETO, ['0.86']],
        ],
        () => [atMost('said', [1400, 900]), atMost('reachableError', [0.015, 0.01])],
      ),
    },
    {
      ...warm,
      name: 'per-request',
      title: 'Every request brings its own floor; trained on 30%, chosen label',
      columns: binColumns,
      cells: cells(RANGES, () => [atLeast('d', [-0.018, -0.011], 'leastBin')]),
    },
    {
      ...warm,
      name: 'moving',
      title: 'The floor of the class moves; trained on 30%, chosen label',
      columns: binColumns,
      cells: cells(MOVING, () => [atLeast('d', [-0.006, -0.003])]),
    },
    {
      ...warm,
      feedback: 'none',
      name: 'moving-unheard',
      title: 'The floor of the class moves and nobody says anything; trained on 30%',
      columns: binColumns,
      cells: cells(MOVING, () => []),
    },
  ],
}
