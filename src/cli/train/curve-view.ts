import type { TrainingCurve } from '../../routing/policy.ts'
import type { TrainingProgress } from './run-training.ts'

const BARS = '▁▂▃▄▅▆▇█'

/** The curve of every column on a line of its own: first value, bars, last value. */
export function curveChart({ columns, points }: TrainingCurve): string {
  const width = Math.max(0, ...columns.map(column => column.length))
  return columns
    .map((column, k) => {
      const values = points.map(({ values }) => values[k] ?? null)
      const known = values.filter(value => value !== null)
      const [first = null, last = null] = [known[0], known.at(-1)]
      return `${column.padEnd(width)}  ${shown(first)}  ${bars(values)}  ${shown(last)}\n`
    })
    .join('')
}

/** Where a training stands, in one line. */
export function progressLine(label: string, { done, steps, curve }: TrainingProgress): string {
  const values = curve.points.at(-1)?.values ?? []
  const figures = curve.columns
    .map((column, k) => ({ column, value: values[k] ?? null }))
    .filter(({ value }) => value !== null)
    .slice(0, 4)
    .map(({ column, value }) => `${column} ${shown(value).trim()}`)
  return [`${label}, step ${done} of ${steps}`, ...figures].join(', ')
}

/** The curve as comma-separated values, empty where a stretch says nothing. */
export function curveCsv({ columns, points }: TrainingCurve): string {
  const lines = points.map(({ step, values }) => [step, ...values.map(value => value ?? '')].join(','))
  return `${['step', ...columns].join(',')}\n${lines.join('\n')}\n`
}

function bars(values: readonly (number | null)[]): string {
  const known = values.filter(value => value !== null)
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const top = BARS.length - 1
  return values
    .map(value => {
      if (value === null) return ' '
      return BARS[high > low ? Math.round((top * (value - low)) / (high - low)) : 0] ?? ' '
    })
    .join('')
}

function shown(value: number | null): string {
  return (value === null ? '-' : value.toFixed(3)).padStart(8)
}
