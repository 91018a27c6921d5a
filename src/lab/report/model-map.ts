import type { PreparedTrace } from '../prepare-trace.ts'

/** How well each model does on one kind of prompt. */
export interface ModelMapRow {
  readonly name: string
  readonly rows: number
  /** [models] */
  readonly satisfaction: readonly number[]
}

/** Where each model wins. */
export interface ModelMap {
  /** What the rows are: tasks where the trace names several, else lengths of prompts. */
  readonly by: 'task' | 'prompt length'
  readonly models: readonly string[]
  /** Mean cost in USD, [models]. */
  readonly costUsd: readonly number[]
  readonly rows: readonly ModelMapRow[]
}

const mostTasks = 14
const lengthBands = 5

/** Means per model and task over all rows of a trace; small tasks are put together, models come in order of cost. */
export function modelMap(prepared: PreparedTrace): ModelMap {
  const { trace } = prepared
  const costOf = (m: number): number =>
    trace.rows.reduce((sum, row) => sum + (row.costsUsd[m] ?? 0), 0) / trace.rows.length
  const columns = trace.models
    .map((name, m) => ({ name, m, costUsd: costOf(m) }))
    .sort((a, b) => a.costUsd - b.costUsd)
  const tasks = new Set(trace.rows.map(row => row.task))
  const groups = tasks.size > 1 ? tasksOf(prepared) : bandsOf(prepared)
  return {
    by: tasks.size > 1 ? 'task' : 'prompt length',
    models: columns.map(column => column.name),
    costUsd: columns.map(column => column.costUsd),
    rows: groups.map(({ name, rows }) => ({
      name,
      rows: rows.length,
      satisfaction: columns.map(
        ({ m }) => rows.reduce((sum, row) => sum + (trace.rows[row]?.scores[m] ?? 0), 0) / rows.length,
      ),
    })),
  }
}

interface Group {
  readonly name: string
  readonly rows: readonly number[]
}

function tasksOf({ trace }: PreparedTrace): readonly Group[] {
  const groups = [...Map.groupBy(trace.rows.keys(), row => trace.rows[row]?.task ?? 'no task')]
    .map(([name, rows]) => ({ name, rows }))
    .sort((a, b) => b.rows.length - a.rows.length)
  if (groups.length <= mostTasks) return groups
  const small = groups.slice(mostTasks - 1)
  return [
    ...groups.slice(0, mostTasks - 1),
    { name: `${small.length} smaller tasks`, rows: small.flatMap(group => group.rows) },
  ]
}

/** Prompts by length in bands of equally many rows; fewer where lengths tie. */
function bandsOf({ trace, promptTokens }: PreparedTrace): readonly Group[] {
  const sorted = [...trace.rows.keys()].sort((a, b) => (promptTokens[a] ?? 0) - (promptTokens[b] ?? 0))
  const tokensAt = (position: number): number => promptTokens[sorted[position] ?? 0] ?? 0
  const cuts = Array.from({ length: lengthBands - 1 }, (_, i) =>
    tokensAt(Math.round(((i + 1) * sorted.length) / lengthBands)),
  )
  const bandOf = (row: number): number => cuts.filter(cut => (promptTokens[row] ?? 0) >= cut).length
  return [...Map.groupBy(sorted, bandOf).values()].map(rows => {
    const lengths = rows.map(row => promptTokens[row] ?? 0)
    return { name: `${Math.min(...lengths)} to ${Math.max(...lengths)} tokens`, rows }
  })
}
