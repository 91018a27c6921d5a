import { describe, expect, it } from 'vitest'
import { type Line, lineWidth } from './paint.ts'
import { chartRange, drawSatisfactionChart, type HistoryPoint } from './satisfaction-chart.ts'

const text = (line: Line): string => line.map(span => span.text).join('')
const flat = (from: number, to: number, satisfaction: number, floor: number): readonly HistoryPoint[] =>
  Array.from({ length: to - from }, (_, i) => ({ answered: from + i + 1, satisfaction, floor }))

describe('satisfaction chart', () => {
  it('holds the curve and the floors, at least a tenth high, within [0, 1]', () => {
    const steady = flat(200, 300, 0.84, 0.85)
    expect(chartRange({ history: steady, floor: 0.85 })).toEqual({ low: 0.8, high: 0.9 })
    expect(chartRange({ history: steady, floor: 0.95 })).toEqual({ low: 0.8, high: 1 })
    expect(chartRange({ history: [], floor: 0.99 })).toEqual({ low: 0.9, high: 1 })
    expect(chartRange({ history: [], floor: 0.01 })).toEqual({ low: 0, high: 0.1 })
  })

  it('lets the first, unsteady points widen the range only while there are no others', () => {
    const unsteady = flat(40, 100, 0.4, 0.85)
    expect(chartRange({ history: unsteady, floor: 0.85 }).low).toBeLessThan(0.4)
    expect(chartRange({ history: [...unsteady, ...flat(200, 300, 0.85, 0.85)], floor: 0.85 }).low).toBe(0.8)
  })

  it('fills exactly its size at every stage of a run', () => {
    for (const answered of [0, 1, 40, 1500, 3000]) {
      for (const [width, height] of [
        [80, 9],
        [40, 4],
        [133, 20],
      ] as const) {
        const history = flat(0, answered, 0.9, 0.85)
        const lines = drawSatisfactionChart({ history, floor: 0.85, total: 3000, width, height })
        expect(lines).toHaveLength(height)
        expect(new Set(lines.map(lineWidth))).toEqual(new Set([width]))
      }
    }
  })

  it('draws the curve above the floor as good, below it as bad, and puts what is below the floor under water', () => {
    const history = [...flat(0, 500, 0.92, 0.85), ...flat(500, 1000, 0.78, 0.85)]
    const lines = drawSatisfactionChart({ history, floor: 0.85, total: 1000, width: 46, height: 8 })
    const rowsWith = (tone: string) =>
      lines.flatMap((line, row) =>
        line.some(span => span.tone === tone && span.text.trim() !== '') ? [row] : [],
      )
    const floorRow = lines.findIndex(line => text(line).startsWith('0.850⊖'))
    expect(floorRow).toBeGreaterThan(0)
    expect(Math.min(...rowsWith('good'))).toBeLessThan(floorRow)
    expect(Math.max(...rowsWith('bad'))).toBeGreaterThan(floorRow)
    const submerged = lines.flatMap((line, row) => (line.some(span => span.submerged) ? [row] : []))
    expect(Math.min(...submerged)).toBeGreaterThanOrEqual(floorRow)
    expect(submerged).toContain(7)
  })

  it('draws the waterline to the right edge, stepping where the floor was changed', () => {
    const history = [...flat(0, 500, 0.9, 0.8), ...flat(500, 600, 0.9, 0.9)]
    const lines = drawSatisfactionChart({ history, floor: 0.9, total: 1000, width: 46, height: 8 })
    const plot = lines.map(line => [...text(line)].slice(6))
    const rowOf = (column: number): number => plot.findIndex(row => (row[column] ?? ' ') !== ' ')
    const lowest = (column: number): number => plot.findLastIndex(row => (row[column] ?? ' ') !== ' ')
    // Early columns: the curve above, the floor of .8 below; late columns: the floor of .9 alone.
    expect(lowest(5)).toBeGreaterThan(rowOf(39))
    expect(rowOf(39)).toBe(lowest(39))
  })
})
